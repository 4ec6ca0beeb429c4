// The conversation of one component with its parent: handshake, emits, answers, logs.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "egret/component.hpp"

namespace egret {

// Everything an emit may say; what does not apply stays empty.
struct Emit {
  const Values& values;
  const std::string& stream;
  const Anchors* anchors = nullptr;
  const Json* id = nullptr;
  std::optional<int> direct_task = std::nullopt;
  bool needs_task_ids = false;
};

class Session {
 public:
  Session(Transport& transport, bool is_spout) : transport_(transport), is_spout_(is_spout) {}

  void handshake();
  // The next command (spout) or tuple (bolt). Heartbeats of a bolt are answered on the way.
  Json next_message();
  void emit(const Emit& emit);
  // The parent's answer to the last emit that asked; other messages on the way wait in line.
  std::vector<int> read_task_ids();
  void settle(const std::string& tuple_id, std::string_view command);
  void sync();
  void log(std::string_view message, LogLevel level);
  void report_error(std::string_view message);
  void update_metric(std::string_view name, const Json& params);
  void flush() { transport_.flush(); }

  // Emits that name no anchors are anchored to this one (BasicBolt).
  void set_default_anchor(const Tuple& tuple) { default_anchor_ = Anchors(tuple); }
  // The tuple in hand: it is failed when the component dies on it, unless it was settled before.
  void begin_tuple(const Tuple& tuple);
  // Acks or fails the tuple in hand unless the user did.
  void settle_tuple_in_hand(std::string_view command);

  bool has_answered() const { return has_answered_; }
  const Json& conf() const { return conf_; }
  const Json& context() const { return context_; }

 private:
  Json receive();

  Transport& transport_;
  const bool is_spout_;
  bool has_answered_ = false;
  Json conf_ = Json::object();
  Json context_ = Json::object();
  Anchors default_anchor_;
  std::optional<std::string> tuple_in_hand_;
  std::deque<Json> pending_;
};

// The tuple in a message of the parent. Throws ProtocolError when something is missing or of another type.
Tuple tuple_of(Json&& message);

}  // namespace egret
