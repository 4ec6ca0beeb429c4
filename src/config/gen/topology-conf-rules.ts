// Generated from the annotations of org.apache.storm.Config: UPDATE=1 mocha src/config. Not to be edited.
export const topologyConfRules: Readonly<Record<string, readonly string[]>> = {
 "blobstore.cleanup.enable": [
  "IsBoolean"
 ],
 "blobstore.dir": [
  "IsString"
 ],
 "blobstore.hdfs.keytab": [
  "IsString"
 ],
 "blobstore.hdfs.principal": [
  "IsString"
 ],
 "client.blobstore.class": [
  "IsString"
 ],
 "drpc.authorizer.acl": [
  "IsType type=Map"
 ],
 "drpc.authorizer.acl.filename": [
  "IsString"
 ],
 "drpc.authorizer.acl.strict": [
  "IsBoolean"
 ],
 "drpc.invocations.port": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "drpc.invocations.threads": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "drpc.invocations.thrift.transport": [
  "IsString"
 ],
 "drpc.max_buffer_size": [
  "IsNumber",
  "IsPositiveNumber"
 ],
 "drpc.port": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "drpc.queue.size": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "drpc.servers": [
  "IsStringList type=String"
 ],
 "drpc.thrift.transport": [
  "IsString"
 ],
 "drpc.worker.threads": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "executor.metrics.frequency.secs": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "nimbus.admins": [
  "IsStringList type=String"
 ],
 "nimbus.admins.groups": [
  "IsStringList type=String"
 ],
 "nimbus.autocredential.plugins.classes": [
  "IsStringList type=String"
 ],
 "nimbus.credential.renewers.classes": [
  "IsStringList type=String"
 ],
 "nimbus.daemon.users": [
  "IsStringList type=String"
 ],
 "nimbus.groups": [
  "IsStringList type=String"
 ],
 "nimbus.impersonation.acl": [
  "IsMapEntryCustom ImpersonationAclUserEntryValidator"
 ],
 "nimbus.local.assignments.backend.class": [
  "IsString",
  "IsImplementationOfClass"
 ],
 "nimbus.queue.size": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "nimbus.scheduler.strategy.class.whitelist": [
  "IsStringList type=String"
 ],
 "nimbus.seeds": [
  "IsStringList type=String"
 ],
 "nimbus.supervisor.users": [
  "IsStringList type=String"
 ],
 "nimbus.thrift.client.use.tls": [
  "IsBoolean"
 ],
 "nimbus.thrift.max_buffer_size": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "nimbus.thrift.port": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "nimbus.thrift.threads": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "nimbus.thrift.tls.client.auth.required": [
  "IsBoolean"
 ],
 "nimbus.thrift.tls.client.cert.path": [
  "IsString"
 ],
 "nimbus.thrift.tls.client.key.path": [
  "IsString"
 ],
 "nimbus.thrift.tls.client.keystore.password": [
  "IsString"
 ],
 "nimbus.thrift.tls.client.keystore.path": [
  "IsString"
 ],
 "nimbus.thrift.tls.client.truststore.password": [
  "IsString"
 ],
 "nimbus.thrift.tls.client.truststore.path": [
  "IsString"
 ],
 "nimbus.thrift.tls.max_buffer_size": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "nimbus.thrift.tls.port": [
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "nimbus.thrift.tls.server.keystore.password": [
  "IsString"
 ],
 "nimbus.thrift.tls.server.keystore.path": [
  "IsString"
 ],
 "nimbus.thrift.tls.server.only": [
  "IsBoolean"
 ],
 "nimbus.thrift.tls.server.truststore.password": [
  "IsString"
 ],
 "nimbus.thrift.tls.server.truststore.path": [
  "IsString"
 ],
 "nimbus.thrift.tls.threads": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "nimbus.thrift.tls.transport": [
  "IsString"
 ],
 "nimbus.thrift.transport": [
  "IsString"
 ],
 "nimbus.users": [
  "IsStringList type=String"
 ],
 "num.stat.buckets": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "pacemaker.auth.method": [
  "CustomValidator PacemakerAuthTypeValidator"
 ],
 "pacemaker.client.max.threads": [
  "IsNumber",
  "IsPositiveNumber"
 ],
 "pacemaker.port": [
  "IsNumber",
  "IsPositiveNumber"
 ],
 "pacemaker.servers": [
  "IsStringList type=String"
 ],
 "pacemaker.thrift.message.size.max": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "storm.blobstore.acl.validation.enabled": [
  "IsBoolean"
 ],
 "storm.blobstore.dependency.jar.upload.chunk.size.bytes": [
  "IsPositiveNumber",
  "IsInteger"
 ],
 "storm.blobstore.inputstream.buffer.size.bytes": [
  "IsPositiveNumber",
  "IsInteger"
 ],
 "storm.blobstore.replication.factor": [
  "IsPositiveNumber",
  "IsInteger"
 ],
 "storm.cgroup.hierarchy.dir": [
  "IsString"
 ],
 "storm.cluster.mode": [
  "IsString"
 ],
 "storm.cluster.state.store": [
  "IsString"
 ],
 "storm.daemon.metrics.reporter.plugin.duration.unit": [
  "IsString"
 ],
 "storm.daemon.metrics.reporter.plugin.locale": [
  "IsString"
 ],
 "storm.daemon.metrics.reporter.plugin.rate.unit": [
  "IsString"
 ],
 "storm.disable.symlinks": [
  "IsBoolean"
 ],
 "storm.doAsUser": [
  "IsString"
 ],
 "storm.group.mapping.service": [
  "IsString"
 ],
 "storm.group.mapping.service.cache.duration.secs": [
  "IsInteger"
 ],
 "storm.group.mapping.service.params": [
  "IsType type=Map"
 ],
 "storm.hdfs.login.keytab": [
  "IsString"
 ],
 "storm.hdfs.login.principal": [
  "IsString"
 ],
 "storm.id": [
  "IsString"
 ],
 "storm.local.dir": [
  "IsString"
 ],
 "storm.local.hostname": [
  "IsString"
 ],
 "storm.local.mode.zmq": [
  "IsBoolean"
 ],
 "storm.messaging.netty.authentication": [
  "IsBoolean"
 ],
 "storm.messaging.netty.buffer.high.watermark": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "storm.messaging.netty.buffer.low.watermark": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "storm.messaging.netty.buffer_size": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "storm.messaging.netty.client_worker_threads": [
  "IsInteger"
 ],
 "storm.messaging.netty.flush_timeout_ms": [
  "IsLong",
  "IsPositiveNumber"
 ],
 "storm.messaging.netty.max_wait_ms": [
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "storm.messaging.netty.min_wait_ms": [
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "storm.messaging.netty.server_worker_threads": [
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "storm.messaging.netty.socket.backlog": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "storm.messaging.netty.tls.ciphers": [
  "IsStringOrStringList"
 ],
 "storm.messaging.netty.tls.client.keystore.password": [
  "IsString"
 ],
 "storm.messaging.netty.tls.client.keystore.path": [
  "IsString"
 ],
 "storm.messaging.netty.tls.client.truststore.password": [
  "IsString"
 ],
 "storm.messaging.netty.tls.client.truststore.path": [
  "IsString"
 ],
 "storm.messaging.netty.tls.enable": [
  "IsBoolean"
 ],
 "storm.messaging.netty.tls.keystore.password": [
  "IsString"
 ],
 "storm.messaging.netty.tls.keystore.path": [
  "IsString"
 ],
 "storm.messaging.netty.tls.require.open.ssl": [
  "IsBoolean"
 ],
 "storm.messaging.netty.tls.ssl.protocols": [
  "IsString"
 ],
 "storm.messaging.netty.tls.truststore.password": [
  "IsString"
 ],
 "storm.messaging.netty.tls.truststore.path": [
  "IsString"
 ],
 "storm.messaging.netty.transfer.batch.size": [
  "IsInteger"
 ],
 "storm.messaging.transport": [
  "IsString"
 ],
 "storm.meta.serialization.delegate": [
  "IsString"
 ],
 "storm.metrics.reporters": [
  "IsListEntryCustom MetricReportersValidator"
 ],
 "storm.network.topography.plugin": [
  "NotNull",
  "IsImplementationOfClass"
 ],
 "storm.nimbus.retry.interval.millis": [
  "IsNumber"
 ],
 "storm.nimbus.retry.intervalceiling.millis": [
  "IsNumber"
 ],
 "storm.nimbus.retry.times": [
  "IsNumber"
 ],
 "storm.principal.tolocal": [
  "IsString"
 ],
 "storm.thrift.socket.timeout.ms": [
  "IsInteger"
 ],
 "storm.thrift.tls.socket.timeout.ms": [
  "IsInteger"
 ],
 "storm.thrift.transport": [
  "IsString"
 ],
 "storm.topology.metrics.system.reporters": [
  "IsListEntryCustom MetricReportersValidator"
 ],
 "storm.topology.submission.notifier.plugin.class": [
  "IsString"
 ],
 "storm.workers.artifacts.dir": [
  "IsString"
 ],
 "storm.zookeeper.auth.payload": [
  "IsString"
 ],
 "storm.zookeeper.auth.scheme": [
  "IsString"
 ],
 "storm.zookeeper.connection.timeout": [
  "IsInteger"
 ],
 "storm.zookeeper.drpcACL": [
  "IsString"
 ],
 "storm.zookeeper.port": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "storm.zookeeper.retry.interval": [
  "IsInteger"
 ],
 "storm.zookeeper.retry.intervalceiling.millis": [
  "IsInteger"
 ],
 "storm.zookeeper.retry.times": [
  "IsInteger"
 ],
 "storm.zookeeper.root": [
  "IsString"
 ],
 "storm.zookeeper.servers": [
  "IsStringList type=String"
 ],
 "storm.zookeeper.session.timeout": [
  "IsInteger"
 ],
 "storm.zookeeper.ssl.enable": [
  "IsBoolean"
 ],
 "storm.zookeeper.ssl.hostnameVerification": [
  "IsBoolean"
 ],
 "storm.zookeeper.ssl.keystore.password": [
  "IsString"
 ],
 "storm.zookeeper.ssl.keystore.path": [
  "IsString"
 ],
 "storm.zookeeper.ssl.truststore.password": [
  "IsString"
 ],
 "storm.zookeeper.ssl.truststore.path": [
  "IsString"
 ],
 "storm.zookeeper.superACL": [
  "IsString"
 ],
 "storm.zookeeper.topology.auth.payload": [
  "IsString",
  "Password"
 ],
 "storm.zookeeper.topology.auth.scheme": [
  "IsString"
 ],
 "supervisor.cpu.capacity": [
  "IsPositiveNumber"
 ],
 "supervisor.memory.capacity.mb": [
  "IsPositiveNumber"
 ],
 "supervisor.queue.size": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "supervisor.resources.map": [
  "IsMapEntryType keyType=String valueType=Number"
 ],
 "supervisor.run.worker.as.user": [
  "IsBoolean"
 ],
 "supervisor.thrift.client.use.tls": [
  "IsBoolean"
 ],
 "supervisor.thrift.max_buffer_size": [
  "IsNumber",
  "IsPositiveNumber"
 ],
 "supervisor.thrift.port": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "supervisor.thrift.socket.timeout.ms": [
  "IsInteger"
 ],
 "supervisor.thrift.threads": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "supervisor.thrift.tls.client.auth.required": [
  "IsBoolean"
 ],
 "supervisor.thrift.tls.client.cert.path": [
  "IsString"
 ],
 "supervisor.thrift.tls.client.key.path": [
  "IsString"
 ],
 "supervisor.thrift.tls.client.keystore.password": [
  "IsString"
 ],
 "supervisor.thrift.tls.client.keystore.path": [
  "IsString"
 ],
 "supervisor.thrift.tls.client.truststore.password": [
  "IsString"
 ],
 "supervisor.thrift.tls.client.truststore.path": [
  "IsString"
 ],
 "supervisor.thrift.tls.server.keystore.password": [
  "IsString"
 ],
 "supervisor.thrift.tls.server.keystore.path": [
  "IsString"
 ],
 "supervisor.thrift.tls.server.truststore.password": [
  "IsString"
 ],
 "supervisor.thrift.tls.server.truststore.path": [
  "IsString"
 ],
 "supervisor.thrift.transport": [
  "IsString"
 ],
 "supervisor.worker.default.version": [
  "IsString"
 ],
 "supervisor.worker.heartbeats.max.timeout.secs": [
  "IsInteger"
 ],
 "supervisor.worker.launcher": [
  "IsString"
 ],
 "supervisor.worker.shutdown.sleep.secs": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "supervisor.worker.timeout.secs": [
  "IsInteger",
  "IsPositiveNumber",
  "NotNull"
 ],
 "supervisor.worker.version.classpath.map": [
  "IsMapEntryType keyType=String valueType=String"
 ],
 "supervisor.worker.version.logwriter.map": [
  "IsMapEntryType keyType=String valueType=String"
 ],
 "supervisor.worker.version.main.map": [
  "IsMapEntryType keyType=String valueType=String"
 ],
 "task.credentials.poll.secs": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "task.heartbeat.frequency.secs": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "task.refresh.poll.secs": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.acker.cpu.pcore.percent": [
  "IsPositiveNumberOrZero"
 ],
 "topology.acker.executors": [
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "topology.acker.resources.offheap.memory.mb": [
  "IsPositiveNumberOrZero"
 ],
 "topology.acker.resources.onheap.memory.mb": [
  "IsPositiveNumberOrZero"
 ],
 "topology.auto-credentials": [
  "IsStringList type=String"
 ],
 "topology.auto.task.hooks": [
  "IsStringList type=String"
 ],
 "topology.backpressure.check.millis": [
  "IsInteger",
  "IsPositiveNumber",
  "NotNull"
 ],
 "topology.backpressure.enable": [
  "IsBoolean"
 ],
 "topology.backpressure.wait.park.microsec": [
  "NotNull",
  "IsPositiveNumberOrZero"
 ],
 "topology.backpressure.wait.progressive.level1.count": [
  "NotNull",
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "topology.backpressure.wait.progressive.level2.count": [
  "NotNull",
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "topology.backpressure.wait.progressive.level3.sleep.millis": [
  "NotNull",
  "IsPositiveNumberOrZero"
 ],
 "topology.backpressure.wait.strategy": [
  "IsString"
 ],
 "topology.batch.flush.interval.millis": [
  "IsInteger",
  "IsPositiveNumberOrZero",
  "NotNull"
 ],
 "topology.blobstore.map": [
  "CustomValidator MapOfStringToMapOfStringToObjectValidator"
 ],
 "topology.bolt.wait.park.microsec": [
  "NotNull",
  "IsPositiveNumberOrZero"
 ],
 "topology.bolt.wait.progressive.level1.count": [
  "NotNull",
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "topology.bolt.wait.progressive.level2.count": [
  "NotNull",
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "topology.bolt.wait.progressive.level3.sleep.millis": [
  "NotNull",
  "IsPositiveNumberOrZero"
 ],
 "topology.bolt.wait.strategy": [
  "IsString"
 ],
 "topology.bolts.late.tuple.stream": [
  "IsString"
 ],
 "topology.bolts.message.id.field.name": [
  "IsString"
 ],
 "topology.bolts.tuple.timestamp.max.lag.ms": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.bolts.watermark.event.interval.ms": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.bolts.window.length.count": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.bolts.window.length.duration.ms": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.bolts.window.sliding.interval.count": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.bolts.window.sliding.interval.duration.ms": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.builtin.metrics.bucket.size.secs": [
  "IsInteger"
 ],
 "topology.classpath": [
  "IsStringOrStringList"
 ],
 "topology.classpath.beginning": [
  "IsStringOrStringList"
 ],
 "topology.component.cpu.pcore.percent": [
  "IsPositiveNumberOrZero"
 ],
 "topology.component.resources.map": [
  "IsMapEntryType keyType=String valueType=Number"
 ],
 "topology.component.resources.offheap.memory.mb": [
  "IsPositiveNumberOrZero"
 ],
 "topology.component.resources.onheap.memory.mb": [
  "IsPositiveNumberOrZero"
 ],
 "topology.debug": [
  "IsBoolean"
 ],
 "topology.disable.loadaware.messaging": [
  "IsBoolean",
  "NotNull"
 ],
 "topology.enable.message.timeouts": [
  "IsBoolean"
 ],
 "topology.enable.send.iconnection.metrics": [
  "IsBoolean"
 ],
 "topology.enable.v2.metrics.tick": [
  "IsBoolean"
 ],
 "topology.environment": [
  "IsMapEntryType keyType=String valueType=String"
 ],
 "topology.error.throttle.interval.secs": [
  "IsInteger"
 ],
 "topology.event.logger.register": [
  "IsListEntryCustom EventLoggerRegistryValidator"
 ],
 "topology.eventlogger.executors": [
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "topology.executor.overflow.limit": [
  "IsInteger",
  "IsPositiveNumberOrZero",
  "NotNull"
 ],
 "topology.executor.receive.buffer.size": [
  "IsPositiveNumber",
  "IsInteger"
 ],
 "topology.fall.back.on.java.serialization": [
  "IsBoolean"
 ],
 "topology.groups": [
  "IsStringOrStringList"
 ],
 "topology.isolate.machines": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.kryo.decorators": [
  "IsStringList type=String"
 ],
 "topology.kryo.factory": [
  "IsString"
 ],
 "topology.kryo.register": [
  "IsKryoReg"
 ],
 "topology.localityaware.higher.bound": [
  "IsPositiveNumber",
  "NotNull"
 ],
 "topology.localityaware.lower.bound": [
  "IsPositiveNumber",
  "NotNull"
 ],
 "topology.logging.config": [
  "IsString"
 ],
 "topology.logging.sensitivity": [
  "IsString in S0,S1,S2,S3"
 ],
 "topology.max.error.report.per.interval": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.max.replication.wait.time.sec": [
  "IsNumber"
 ],
 "topology.max.spout.pending": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.max.task.parallelism": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.message.timeout.secs": [
  "IsInteger",
  "IsPositiveNumber",
  "NotNull"
 ],
 "topology.metrics.consumer.cpu.pcore.percent": [
  "IsPositiveNumberOrZero"
 ],
 "topology.metrics.consumer.register": [
  "IsListEntryCustom MetricRegistryValidator"
 ],
 "topology.metrics.consumer.resources.offheap.memory.mb": [
  "IsPositiveNumberOrZero"
 ],
 "topology.metrics.consumer.resources.onheap.memory.mb": [
  "IsPositiveNumberOrZero"
 ],
 "topology.metrics.reporters": [
  "IsListEntryCustom MetricReportersValidator"
 ],
 "topology.min.replication.count": [
  "IsNumber"
 ],
 "topology.multilang.log.handler": [
  "IsString"
 ],
 "topology.multilang.serializer": [
  "IsString"
 ],
 "topology.name": [
  "IsString"
 ],
 "topology.priority": [
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "topology.producer.batch.size": [
  "IsInteger",
  "IsPositiveNumber",
  "NotNull"
 ],
 "topology.ras.acker.executors.per.worker": [
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "topology.ras.constraint.max.state.search": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.ras.constraint.max.time.secs": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.ras.constraints": [
  "IsExactlyOneOf ListOfListOfStringValidator RasConstraintsTypeValidator"
 ],
 "topology.ras.one.component.per.worker": [
  "IsBoolean"
 ],
 "topology.ras.one.executor.per.worker": [
  "IsBoolean"
 ],
 "topology.readonly.groups": [
  "IsStringOrStringList"
 ],
 "topology.readonly.users": [
  "IsStringOrStringList"
 ],
 "topology.scheduler.favored.nodes": [
  "IsStringList type=String"
 ],
 "topology.scheduler.strategy": [
  "NotNull",
  "IsString"
 ],
 "topology.scheduler.unfavored.nodes": [
  "IsStringList type=String"
 ],
 "topology.serialized.message.size.metrics": [
  "IsBoolean"
 ],
 "topology.shellbolt.max.pending": [
  "NotNull",
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.skip.missing.kryo.registrations": [
  "IsBoolean"
 ],
 "topology.sleep.spout.wait.strategy.time.ms": [
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "topology.spout.recvq.skips": [
  "IsInteger",
  "IsPositiveNumberOrZero",
  "NotNull"
 ],
 "topology.spout.wait.park.microsec": [
  "NotNull",
  "IsPositiveNumberOrZero"
 ],
 "topology.spout.wait.progressive.level1.count": [
  "NotNull",
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "topology.spout.wait.progressive.level2.count": [
  "NotNull",
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "topology.spout.wait.progressive.level3.sleep.millis": [
  "NotNull",
  "IsPositiveNumberOrZero"
 ],
 "topology.spout.wait.strategy": [
  "IsString"
 ],
 "topology.spread.components": [
  "IsStringList type=String"
 ],
 "topology.state.checkpoint.interval.ms": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.state.kryo.register": [
  "IsStringList type=String"
 ],
 "topology.state.provider": [
  "IsString"
 ],
 "topology.state.provider.config": [
  "IsString"
 ],
 "topology.state.synchronization.timeout.secs": [
  "IsInteger",
  "IsPositiveNumber",
  "NotNull"
 ],
 "topology.stats.sample.rate": [
  "IsPositiveNumber"
 ],
 "topology.submitter.principal": [
  "IsString"
 ],
 "topology.submitter.user": [
  "IsString"
 ],
 "topology.subprocess.timeout.secs": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.tasks": [
  "IsInteger",
  "IsPositiveNumberOrZero"
 ],
 "topology.testing.always.try.serialize": [
  "IsBoolean"
 ],
 "topology.tick.tuple.freq.secs": [
  "IsInteger"
 ],
 "topology.transactional.id": [
  "IsString"
 ],
 "topology.transfer.batch.size": [
  "IsPositiveNumber",
  "IsInteger"
 ],
 "topology.transfer.buffer.size": [
  "IsPositiveNumber",
  "IsInteger"
 ],
 "topology.trident.batch.emit.interval.millis": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.trident.windowing.cache.tuple.limit": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.tuple.serializer": [
  "IsString"
 ],
 "topology.users": [
  "IsStringOrStringList"
 ],
 "topology.v2.metrics.tick.interval.seconds": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "topology.version": [
  "IsString"
 ],
 "topology.worker.childopts": [
  "IsStringOrStringList"
 ],
 "topology.worker.gc.childopts": [
  "IsStringOrStringList"
 ],
 "topology.worker.logwriter.childopts": [
  "IsStringOrStringList"
 ],
 "topology.worker.max.heap.size.mb": [
  "IsPositiveNumber"
 ],
 "topology.worker.metrics": [
  "IsMapEntryType keyType=String valueType=String"
 ],
 "topology.worker.nimbus.thrift.client.use.tls": [
  "IsBoolean"
 ],
 "topology.worker.shared.thread.pool.size": [
  "IsInteger"
 ],
 "topology.worker.timeout.secs": [
  "IsInteger",
  "IsPositiveNumber",
  "NotNull"
 ],
 "topology.workers": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "transactional.zookeeper.port": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "transactional.zookeeper.root": [
  "IsString"
 ],
 "transactional.zookeeper.servers": [
  "IsStringList type=String"
 ],
 "worker.blob.update.poll.interval.secs": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "worker.childopts": [
  "IsStringOrStringList"
 ],
 "worker.gc.childopts": [
  "IsStringOrStringList"
 ],
 "worker.heap.memory.mb": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "worker.heartbeat.frequency.secs": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "worker.log.level.reset.poll.secs": [
  "IsInteger",
  "IsPositiveNumber"
 ],
 "worker.max.timeout.secs": [
  "IsInteger",
  "IsPositiveNumber",
  "NotNull"
 ],
 "worker.metrics": [
  "IsMapEntryType keyType=String valueType=String"
 ]
};
