package egret.host;

import org.apache.storm.utils.Utils;

/** The host name under which errors are reported: the container's, without asking a name server. */
final class ContainerNames extends Utils {
    private final String hostname;

    ContainerNames(String hostname) {
        this.hostname = hostname;
    }

    @Override
    protected String hostnameImpl() {
        return hostname;
    }

    @Override
    protected String localHostnameImpl() {
        return hostname;
    }
}
