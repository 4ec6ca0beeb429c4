"""Takes the place of Storm's storm.py in a topology's resources/, beside the folder egret/."""

from egret.stock import *  # noqa: F403
