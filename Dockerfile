# A gateway with Java, Python and Redis in one image.
#
#     docker build --tag egret .
#     docker run --publish 6627:6627 --publish 6628:6628 --volume egret:/var/lib/egret egret
#
# Ports: 6627 Nimbus (Storm clients, `egret`), 6628 the distributed log. There is no authentication: publish them to
# trusted networks only. A volume at /var/lib/egret keeps topologies and the log. For other settings, mount a
# storm.yaml at /etc/egret/storm.yaml.

FROM node:20-bookworm AS build
WORKDIR /source
COPY . .
# As root, setup installs the build tools that are missing. The package is installed here because its native parts need
# a compiler, and its archive of Java classes the path that it will have.
RUN node scripts/setup.mjs && npm pack --pack-destination /tmp
WORKDIR /
RUN npm install --global --prefix /opt/egret --no-audit --no-fund /tmp/egret-*.tgz

FROM node:20-bookworm-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends openjdk-17-jre-headless python3 redis-server tini \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --create-home --uid 10001 egret \
  && install --directory --owner egret --group egret --mode 0700 /var/lib/egret
COPY --from=build /opt/egret /opt/egret
COPY scripts/docker/storm.yaml /etc/egret/storm.yaml
ENV PATH=/opt/egret/bin:$PATH STORM_CONF_DIR=/etc/egret
USER egret
WORKDIR /home/egret
VOLUME /var/lib/egret
EXPOSE 6627 6628
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s CMD ["egret", "list"]
# tini collects the processes that a container leaves behind when it ends.
ENTRYPOINT ["tini", "--", "egret"]
CMD ["up"]
