package egret.host;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.storm.callback.ZKStateChangedCallback;
import org.apache.storm.cluster.ClusterStateContext;
import org.apache.storm.cluster.IStateStorage;
import org.apache.storm.cluster.StateStorageFactory;
import org.apache.storm.cluster.VersionedData;
import org.apache.storm.generated.ClusterWorkerHeartbeat;
import org.apache.storm.generated.ErrorInfo;
import org.apache.storm.shade.org.apache.curator.framework.state.ConnectionStateListener;
import org.apache.storm.shade.org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.storm.shade.org.apache.zookeeper.data.ACL;
import org.apache.storm.utils.Utils;

/**
 * Storm's cluster state as one worker sees it, in memory: what it reads was put here by the host from control
 * messages (the topology's status), what it writes goes out as control messages (errors, statistics) and is
 * not kept. Paths are Storm's (ClusterUtils 2.8).
 */
final class ContainerState implements IStateStorage {
    private static final String ERRORS = "/errors/";

    /** Gets what the worker writes. */
    interface Reports {
        void error(String componentId, ErrorInfo error);

        void heartbeat(ClusterWorkerHeartbeat heartbeat);
    }

    private final Reports reports;
    private final ConcurrentSkipListMap<String, byte[]> nodes = new ConcurrentSkipListMap<>();
    private final Map<String, ZKStateChangedCallback> watchers = new ConcurrentHashMap<>();
    private int lastWatcher;

    ContainerState(Reports reports) {
        this.reports = reports;
    }

    /**
     * `storm.cluster.state.store` names this class. Storm instantiates it by reflection, so a static field
     * passes the storage to it.
     */
    public static final class Factory implements StateStorageFactory {
        static volatile ContainerState storage;

        @Override
        public IStateStorage mkStore(Map<String, Object> conf, Map<String, Object> authConf, ClusterStateContext context) {
            return storage;
        }
    }

    /** Puts a node and tells Storm, which otherwise looks only every ten seconds (task.refresh.poll.secs). */
    void publish(String path, byte[] data) {
        nodes.put(path, data);
        for (ZKStateChangedCallback watcher : watchers.values()) {
            watcher.changed(EventType.NodeDataChanged, path);
        }
    }

    @Override
    public synchronized String register(ZKStateChangedCallback watcher) {
        String id = "watcher-" + ++lastWatcher;
        watchers.put(id, watcher);
        return id;
    }

    @Override
    public void unregister(String id) {
        watchers.remove(id);
    }

    /** Only errors are made this way by a worker: `/errors/TOPOLOGY/COMPONENT/e`. */
    @Override
    public String create_sequential(String path, byte[] data, List<ACL> acls) {
        if (path.startsWith(ERRORS)) {
            String component = path.substring(0, path.lastIndexOf('/'));
            String encoded = component.substring(component.lastIndexOf('/') + 1);
            reports.error(Utils.urlDecodeUtf8(encoded), Utils.deserialize(data, ErrorInfo.class));
        }
        return path;
    }

    @Override
    public void set_data(String path, byte[] data, List<ACL> acls) {
        if (!path.startsWith(ERRORS)) {
            nodes.put(path, data);
        }
    }

    @Override
    public void set_worker_hb(String path, byte[] data, List<ACL> acls) {
        reports.heartbeat(Utils.deserialize(data, ClusterWorkerHeartbeat.class));
    }

    @Override
    public void mkdirs(String path, List<ACL> acls) {
    }

    @Override
    public void set_ephemeral_node(String path, byte[] data, List<ACL> acls) {
        nodes.put(path, data);
    }

    @Override
    public void delete_node(String path) {
        nodes.remove(path);
    }

    @Override
    public Integer get_version(String path, boolean watch) {
        return nodes.containsKey(path) ? 0 : null;
    }

    @Override
    public boolean node_exists(String path, boolean watch) {
        return nodes.containsKey(path);
    }

    @Override
    public List<String> get_children(String path, boolean watch) {
        List<String> children = new ArrayList<>();
        String prefix = path + "/";
        for (String node : nodes.tailMap(prefix).keySet()) {
            if (!node.startsWith(prefix)) {
                break;
            }
            if (node.indexOf('/', prefix.length()) < 0) {
                children.add(node.substring(prefix.length()));
            }
        }
        return children;
    }

    @Override
    public byte[] get_data(String path, boolean watch) {
        return nodes.get(path);
    }

    @Override
    public VersionedData<byte[]> get_data_with_version(String path, boolean watch) {
        byte[] data = nodes.get(path);
        return data == null ? null : new VersionedData<>(0, data);
    }

    @Override
    public byte[] get_worker_hb(String path, boolean watch) {
        return null;
    }

    @Override
    public List<String> get_worker_hb_children(String path, boolean watch) {
        return List.of();
    }

    @Override
    public void delete_worker_hb(String path) {
    }

    @Override
    public void add_listener(ConnectionStateListener listener) {
    }

    @Override
    public void sync_path(String path) {
    }

    @Override
    public void delete_node_blobstore(String path, String nimbus) {
    }

    @Override
    public void close() {
    }
}
