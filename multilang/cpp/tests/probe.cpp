// Does what its input tells it to, so that the conformance suite can see every message of the library. The
// actions are described in multilang/conformance/README.md.
#include <cstdlib>
#include <egret/egret.hpp>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using egret::Json;
using egret::Tuple;
using egret::Values;

Values from(const Tuple& tuple, std::size_t first) {
  return {tuple.values().begin() + static_cast<Values::difference_type>(first), tuple.values().end()};
}

void check_conf(const Json& conf) {
  if (conf.value("probe.fail.initialize", false)) throw std::runtime_error("requested failure in initialize");
}

class BoltProbe : public egret::Bolt {
  void initialize(const Json& conf, const Json& context) override {
    check_conf(conf);
    log("initialize " + context.at("taskid").dump() + " " + conf.value("probe.text", ""));
  }

  void process(const Tuple& tuple) override {
    if (tuple.is_tick()) {
      emit({"tick", tuple.at(0)}, tuple);
      return ack(tuple);
    }
    const std::string action = tuple.get<std::string>(0);
    if (action == "throw") throw std::runtime_error(tuple.get<std::string>(1));
    if (action == "fail") return fail(tuple);
    if (action == "hold") return held_.push_back(tuple);
    if (action == "join") return join(tuple);
    act(action, tuple);
    ack(tuple);
  }

  void act(const std::string& action, const Tuple& tuple) {
    if (action == "echo") emit(from(tuple, 1), tuple);
    if (action == "unanchored") emit(from(tuple, 1));
    if (action == "on") emit(from(tuple, 2), tuple, tuple.get<std::string>(1));
    if (action == "ids") log("ids " + Json(emit_for_task_ids(from(tuple, 1), tuple)).dump());
    if (action == "direct") emit_direct(tuple.get<int>(1), from(tuple, 2), tuple);
    if (action == "log") log(tuple.get<std::string>(2), static_cast<egret::LogLevel>(tuple.get<int>(1)));
    if (action == "error") report_error(tuple.get<std::string>(1));
    if (action == "metric") update_metric(tuple.get<std::string>(1), tuple.at(2));
    if (action == "beat") heartbeat();
    if (action == "bytes") emit({std::string("\xff\xfe broken")}, tuple);
    if (action == "print") {
      std::cout << tuple.get<std::string>(1) << std::endl;
      if (std::system("echo from a child process") != 0) throw std::runtime_error("no echo");
    }
  }

  void join(const Tuple& tuple) {
    std::vector<std::string> ids;
    for (const Tuple& held : held_) ids.push_back(held.id());
    ids.push_back(tuple.id());
    emit(from(tuple, 1), egret::Anchors(ids));
    for (const Tuple& held : held_) ack(held);
    ack(tuple);
    held_.clear();
  }

  std::vector<Tuple> held_;
};

class BasicProbe : public egret::BasicBolt {
  void initialize(const Json& conf, const Json&) override { check_conf(conf); }

  void process(const Tuple& tuple) override {
    if (tuple.is_tick()) return emit({"tick", tuple.at(0)});
    const std::string action = tuple.get<std::string>(0);
    if (action == "throw") throw std::runtime_error(tuple.get<std::string>(1));
    if (action == "echo") emit(from(tuple, 1));
    if (action == "on") emit(from(tuple, 2), {}, tuple.get<std::string>(1));
    if (action == "direct") emit_direct(tuple.get<int>(1), from(tuple, 2));
    if (action == "ids") log("ids " + Json(emit_for_task_ids(from(tuple, 1))).dump());
    if (action == "fail") fail(tuple);
    if (action == "mistype") tuple.get<int>(1);
  }
};

class SpoutProbe : public egret::Spout {
  void initialize(const Json& conf, const Json&) override {
    check_conf(conf);
    turns_ = conf.value("probe.turns", Json::array());
  }

  void next_tuple() override {
    if (turn_ >= turns_.size()) return;
    for (const Json& action : turns_[turn_++]) act(action);
  }

  void act(const Json& action) {
    if (action.contains("throw")) throw std::runtime_error(action["throw"].get<std::string>());
    if (action.contains("log")) return log(action["log"].get<std::string>());
    const Values values = action.at("emit").get<Values>();
    const Json id = action.value("id", Json());
    const std::string stream = action.value("stream", std::string(egret::kDefaultStream));
    if (action.contains("task")) return emit_direct(action["task"].get<int>(), values, id, stream);
    if (!action.value("ids", false)) return emit(values, id, stream);
    log("ids " + Json(emit_for_task_ids(values, id, stream)).dump());
  }

  void ack(const Json& id) override { log("ack " + id.dump()); }
  void fail(const Json& id) override { log("fail " + id.dump()); }
  void activate() override { log("activate"); }
  void deactivate() override { log("deactivate"); }

  Json turns_;
  std::size_t turn_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc > 1 ? argv[1] : "";
  if (kind == "bolt") return BoltProbe().run();
  if (kind == "basic") return BasicProbe().run();
  if (kind == "spout") return SpoutProbe().run();
  std::cerr << "usage: egret_probe bolt|basic|spout\n";
  return 2;
}
