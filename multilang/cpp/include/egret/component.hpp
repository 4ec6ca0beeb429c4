// The classes that users extend: Spout, Bolt and BasicBolt.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "egret/transport.hpp"
#include "egret/tuple.hpp"
#include "egret/values.hpp"

namespace egret {

class Session;

enum class LogLevel { trace = 0, debug = 1, info = 2, warn = 3, error = 4 };

inline constexpr const char* kDefaultStream = "default";

// The input tuples that an emitted one grew from: `tuple`, `{left, right}` or none.
class Anchors {
 public:
  Anchors() = default;
  Anchors(const Tuple& tuple) : ids_{tuple.id()} {}
  Anchors(std::initializer_list<std::reference_wrapper<const Tuple>> tuples);
  explicit Anchors(std::vector<std::string> ids) : ids_(std::move(ids)) {}

  const std::vector<std::string>& ids() const { return ids_; }

 private:
  std::vector<std::string> ids_;
};

// What spouts and bolts share. One component lives in a process, as Storm starts one process for a task.
class Component {
 public:
  Component();
  virtual ~Component();
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  // Serves over stdin and stdout (which it takes for itself, see take_standard_streams) until the parent
  // closes them. Returns the exit code for main: 0 when the parent is gone, 1 after an exception, which is
  // first reported to it.
  int run();
  // The same over another transport.
  int run(Transport& transport);

 protected:
  // Called once, before any tuple. `conf` is the merged topology configuration; `context` names this task
  // (`taskid`, `componentid`), all tasks (`task->component`, keys are strings), streams and groupings.
  virtual void initialize(const Json& conf, const Json& context);

  // Writes to the worker's log, at once.
  void log(std::string_view message, LogLevel level = LogLevel::info);
  // Shows an error of this component in the topology's state, at once. The component keeps running.
  void report_error(std::string_view message);
  // Updates the metric that the parent registered under this name.
  void update_metric(std::string_view name, const Json& params);
  // Sends what is queued. Needed only to let a tuple leave before long work that follows it.
  void flush();

  Session& session();

 private:
  friend class Session;
  virtual bool is_spout() const = 0;
  virtual void serve() = 0;

  std::unique_ptr<Session> session_;
};

// A source of tuples. The parent asks for one thing at a time; each method must return before the next.
class Spout : public Component {
 protected:
  // Emits the next tuples, or none. Do not wait in here: acks and fails wait with it.
  virtual void next_tuple() = 0;
  // The tree of the tuple emitted with this id was processed in full.
  virtual void ack(const Json& id);
  // The tree of the tuple emitted with this id failed or timed out.
  virtual void fail(const Json& id);
  virtual void activate();
  virtual void deactivate();

  // Emits a tuple. With an `id` (any JSON value but null) it is tracked, and `ack` or `fail` gets that id
  // later.
  void emit(const Values& values, const Json& id = nullptr, const std::string& stream = kDefaultStream);
  // Emits and waits for the tasks that it goes to.
  std::vector<int> emit_for_task_ids(const Values& values, const Json& id = nullptr,
                                     const std::string& stream = kDefaultStream);
  // Emits to one task of a component that subscribed with direct grouping.
  void emit_direct(int task, const Values& values, const Json& id = nullptr,
                   const std::string& stream = kDefaultStream);

 private:
  bool is_spout() const final { return true; }
  void serve() final;
  void obey(const Json& message);
};

// A bolt that acks, fails and anchors by hand. An exception out of `process` is reported, fails the tuple and
// ends the component; it is started again.
class Bolt : public Component {
 protected:
  virtual void process(const Tuple& tuple) = 0;
  // Handles a tick; unless overridden, ticks go to `process` as in Storm.
  virtual void process_tick(const Tuple& tuple);

  void emit(const Values& values, const Anchors& anchors = {}, const std::string& stream = kDefaultStream);
  // Emits and waits for the tasks that it goes to.
  std::vector<int> emit_for_task_ids(const Values& values, const Anchors& anchors = {},
                                     const std::string& stream = kDefaultStream);
  // Emits to one task of a component that subscribed with direct grouping.
  void emit_direct(int task, const Values& values, const Anchors& anchors = {},
                   const std::string& stream = kDefaultStream);
  // This bolt is done with the tuple.
  void ack(const Tuple& tuple);
  // The tuple is to be emitted again by its spout.
  void fail(const Tuple& tuple);
  // Gives a sign of life in the middle of long work. Heartbeats of the parent are answered between tuples; a
  // bolt that spends longer than `topology.subprocess.timeout.secs` on one calls this now and then, else it
  // is taken for stuck.
  void heartbeat();

 private:
  friend class BasicBolt;
  bool is_spout() const final { return false; }
  void serve() override;
  void handle(const Tuple& tuple);
};

// A bolt that anchors its emits to the tuple in hand (unless anchors are named) and acks that tuple when
// `process` returns. If `process` throws, the exception is reported, the tuple fails, and the bolt continues
// with the next.
class BasicBolt : public Bolt {
 private:
  void serve() final;
};

}  // namespace egret
