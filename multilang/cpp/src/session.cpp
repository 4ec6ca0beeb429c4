#include "session.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <system_error>

#include "egret/errors.hpp"
#include "json_text.hpp"

namespace egret {
namespace {

std::string excerpt(const Json& message) {
  return message.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 200);
}

// A whole number that is a task id; Storm's are 16-bit, -1 is the system's.
bool is_task_id(const Json& value) {
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned()) return value.get<std::uint64_t>() <= std::numeric_limits<std::int32_t>::max();
  return value.get<std::int64_t>() >= -1;
}

void write_pid_file(const std::string& directory, long pid) {
  const std::string path = directory + "/" + std::to_string(pid);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "pid file " + path);
  ::close(fd);
}

bool is_heartbeat(const Json& message) {
  const auto stream = message.find("stream");
  const auto task = message.find("task");
  return stream != message.end() && *stream == "__heartbeat" && task != message.end() && *task == -1;
}

}  // namespace

void Session::handshake() {
  Json setup = transport_.receive();
  const auto directory = setup.is_object() ? setup.find("pidDir") : setup.end();
  if (!setup.is_object() || directory == setup.end() || !directory->is_string()) {
    throw ProtocolError("expected the handshake with a pidDir, got " + excerpt(setup));
  }
  for (const char* part : {"conf", "context"}) {
    const auto found = setup.find(part);
    if (found == setup.end() || !found->is_object()) {
      throw ProtocolError(std::string("expected the handshake with an object ") + part + ", got " + excerpt(setup));
    }
  }
  conf_ = std::move(setup["conf"]);
  context_ = std::move(setup["context"]);
  const long pid = ::getpid();
  write_pid_file(directory->get<std::string>(), pid);
  transport_.send("{\"pid\":" + std::to_string(pid) + "}");
  transport_.flush();
  has_answered_ = true;
}

Json Session::receive() {
  for (;;) {
    Json message = transport_.receive();
    if (message.is_object() && !is_spout_ && is_heartbeat(message)) {
      sync();
    } else if (message.is_object() || message.is_array()) {
      return message;
    } else {
      throw ProtocolError("expected an object or a list of task ids, got " + excerpt(message));
    }
  }
}

Json Session::next_message() {
  if (!pending_.empty()) {
    Json message = std::move(pending_.front());
    pending_.pop_front();
    return message;
  }
  Json message = receive();
  if (message.is_array()) throw ProtocolError("got task ids " + excerpt(message) + " that no emit asked for");
  return message;
}

std::vector<int> Session::read_task_ids() {
  for (;;) {
    Json message = receive();
    if (message.is_object()) {
      pending_.push_back(std::move(message));
      continue;
    }
    std::vector<int> ids;
    ids.reserve(message.size());
    for (const Json& id : message) {
      if (!is_task_id(id)) throw ProtocolError("expected a list of task ids, got " + excerpt(message));
      ids.push_back(id.get<int>());
    }
    return ids;
  }
}

void Session::emit(const Emit& emit) {
  std::string text = R"({"command":"emit","tuple":)";
  append_json(text, emit.values);
  if (emit.stream != kDefaultStream) {
    text += R"(,"stream":)";
    append_json_string(text, emit.stream);
  }
  if (emit.id != nullptr && !emit.id->is_null()) {
    text += R"(,"id":)";
    append_json(text, *emit.id);
  }
  if (emit.anchors != nullptr) {
    text += R"(,"anchors":)";
    append_json(text, Json(emit.anchors->ids().empty() ? default_anchor_.ids() : emit.anchors->ids()));
  }
  if (emit.direct_task) {
    text += R"(,"task":)" + std::to_string(*emit.direct_task);
  } else {
    text += emit.needs_task_ids ? R"(,"need_task_ids":true)" : R"(,"need_task_ids":false)";
  }
  text += '}';
  transport_.send(text);
}

void Session::settle(const std::string& tuple_id, std::string_view command) {
  if (tuple_in_hand_ == tuple_id) tuple_in_hand_.reset();
  std::string text = R"({"command":)";
  append_json_string(text, command);
  text += R"(,"id":)";
  append_json_string(text, tuple_id);
  text += '}';
  transport_.send(text);
}

void Session::begin_tuple(const Tuple& tuple) { tuple_in_hand_ = tuple.id(); }

void Session::settle_tuple_in_hand(std::string_view command) {
  if (tuple_in_hand_) settle(std::string(*tuple_in_hand_), command);
}

void Session::sync() { transport_.send(R"({"command":"sync"})"); }

void Session::log(std::string_view message, LogLevel level) {
  std::string text = R"({"command":"log","msg":)";
  append_json_string(text, message);
  text += R"(,"level":)" + std::to_string(static_cast<int>(level)) + '}';
  transport_.send(text);
  transport_.flush();
}

void Session::report_error(std::string_view message) {
  std::string text = R"({"command":"error","msg":)";
  append_json_string(text, message);
  text += '}';
  transport_.send(text);
  transport_.flush();
}

void Session::update_metric(std::string_view name, const Json& params) {
  std::string text = R"({"command":"metrics","name":)";
  append_json_string(text, name);
  text += R"(,"params":)";
  append_json(text, params);
  text += '}';
  transport_.send(text);
}

Tuple tuple_of(Json&& message) {
  const auto has = [&message](const char* key, bool (Json::*is)() const noexcept) {
    const auto found = message.find(key);
    return found != message.end() && ((*found).*is)();
  };
  const auto task = message.find("task");
  if (!has("id", &Json::is_string) || !has("stream", &Json::is_string) || !has("tuple", &Json::is_array) ||
      task == message.end() || !is_task_id(*task)) {
    throw ProtocolError("expected a tuple with id, comp, stream, task and tuple, got " + excerpt(message));
  }
  const std::string component = has("comp", &Json::is_string) ? message["comp"].get<std::string>() : std::string();
  Values values = std::move(message["tuple"].get_ref<Json::array_t&>());
  return Tuple(message["id"].get<std::string>(), component, message["stream"].get<std::string>(),
               task->get<int>(), std::move(values));
}

}  // namespace egret
