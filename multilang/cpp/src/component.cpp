#include "egret/component.hpp"

#include <exception>
#include <iostream>
#include <stdexcept>

#include "egret/errors.hpp"
#include "session.hpp"

namespace egret {
namespace {

// What an exception says, for the topology's list of errors. To be called while it is handled.
std::string describe_exception() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

}  // namespace

Anchors::Anchors(std::initializer_list<std::reference_wrapper<const Tuple>> tuples) {
  ids_.reserve(tuples.size());
  for (const Tuple& tuple : tuples) ids_.push_back(tuple.id());
}

Component::Component() = default;
Component::~Component() = default;

int Component::run() {
  try {
    const StandardPipe pipe = take_standard_streams();
    PipeTransport transport(pipe.input_fd, pipe.output_fd);
    return run(transport);
  } catch (const std::exception& error) {
    std::cerr << "egret: " << error.what() << std::endl;
    return 1;
  }
}

int Component::run(Transport& transport) {
  session_ = std::make_unique<Session>(transport, is_spout());
  try {
    try {
      session_->handshake();
      initialize(session_->conf(), session_->context());
      serve();
    } catch (const ParentGone&) {
      throw;
    } catch (...) {
      const std::string text = describe_exception();
      if (!session_->has_answered()) {
        // the parent still waits for the pid and would take nothing else
        std::cerr << "egret: " << text << std::endl;
        return 1;
      }
      session_->report_error(text);
      session_->settle_tuple_in_hand("fail");
      session_->flush();
    }
  } catch (const ParentGone&) {
    return 0;
  }
  return 1;
}

Session& Component::session() {
  if (!session_) throw std::logic_error("no component is running: call run() first");
  return *session_;
}

void Component::initialize(const Json&, const Json&) {}
void Component::log(std::string_view message, LogLevel level) { session().log(message, level); }
void Component::report_error(std::string_view message) { session().report_error(message); }
void Component::update_metric(std::string_view name, const Json& params) { session().update_metric(name, params); }
void Component::flush() { session().flush(); }

void Spout::ack(const Json&) {}
void Spout::fail(const Json&) {}
void Spout::activate() {}
void Spout::deactivate() {}

void Spout::emit(const Values& values, const Json& id, const std::string& stream) {
  session().emit({values, stream, nullptr, &id, std::nullopt, false});
}

std::vector<int> Spout::emit_for_task_ids(const Values& values, const Json& id, const std::string& stream) {
  session().emit({values, stream, nullptr, &id, std::nullopt, true});
  return session().read_task_ids();
}

void Spout::emit_direct(int task, const Values& values, const Json& id, const std::string& stream) {
  session().emit({values, stream, nullptr, &id, task, false});
}

void Spout::serve() {
  for (;;) {
    obey(session().next_message());
    session().sync();
  }
}

void Spout::obey(const Json& message) {
  const auto found = message.find("command");
  const std::string command = found != message.end() && found->is_string() ? found->get<std::string>() : "";
  if (command == "next") {
    next_tuple();
  } else if (command == "ack" || command == "fail") {
    const auto id = message.find("id");
    if (id == message.end() || id->is_null()) throw ProtocolError("expected the id of the tuple to " + command);
    command == "ack" ? ack(*id) : fail(*id);
  } else if (command == "activate") {
    activate();
  } else if (command == "deactivate") {
    deactivate();
  } else {
    throw ProtocolError("expected next, ack, fail, activate or deactivate, got \"" + command.substr(0, 100) + "\"");
  }
}

void Bolt::process_tick(const Tuple& tuple) { process(tuple); }

void Bolt::emit(const Values& values, const Anchors& anchors, const std::string& stream) {
  session().emit({values, stream, &anchors, nullptr, std::nullopt, false});
}

std::vector<int> Bolt::emit_for_task_ids(const Values& values, const Anchors& anchors, const std::string& stream) {
  session().emit({values, stream, &anchors, nullptr, std::nullopt, true});
  return session().read_task_ids();
}

void Bolt::emit_direct(int task, const Values& values, const Anchors& anchors, const std::string& stream) {
  session().emit({values, stream, &anchors, nullptr, task, false});
}

void Bolt::ack(const Tuple& tuple) { session().settle(tuple.id(), "ack"); }
void Bolt::fail(const Tuple& tuple) { session().settle(tuple.id(), "fail"); }

void Bolt::heartbeat() {
  session().sync();
  session().flush();
}

void Bolt::handle(const Tuple& tuple) { tuple.is_tick() ? process_tick(tuple) : process(tuple); }

void Bolt::serve() {
  for (;;) {
    const Tuple tuple = tuple_of(session().next_message());
    session().begin_tuple(tuple);
    handle(tuple);
  }
}

void BasicBolt::serve() {
  for (;;) {
    const Tuple tuple = tuple_of(session().next_message());
    session().begin_tuple(tuple);
    session().set_default_anchor(tuple);
    try {
      handle(tuple);
      session().settle_tuple_in_hand("ack");
    } catch (const ParentGone&) {
      throw;
    } catch (const ProtocolError&) {
      throw;
    } catch (...) {
      session().report_error(describe_exception());
      session().settle_tuple_in_hand("fail");
    }
  }
}

}  // namespace egret
