// Counts words: [word] -> [word, count so far].
//
// A Bolt that anchors and acks by hand, keeps its state in memory and reads an option from the topology's
// configuration: `word.count.emit` set to "tick" emits the words that changed when a tick comes instead of
// after each word.
#include <cstdint>
#include <egret/egret.hpp>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace {

class WordCount : public egret::Bolt {
  void initialize(const egret::Json& conf, const egret::Json& context) override {
    emits_on_tick_ = conf.value("word.count.emit", egret::Json("each")) == "tick";
    log("task " + context.value("taskid", egret::Json()).dump() + " counts words");
  }

  void process(const egret::Tuple& tuple) override {
    const std::string word = tuple.get<std::string>(0);
    const std::int64_t count = ++counts_[word];
    if (emits_on_tick_) {
      changed_.insert(word);
    } else {
      emit({word, count}, tuple);
    }
    ack(tuple);
  }

  void process_tick(const egret::Tuple& tick) override {
    for (const std::string& word : changed_) emit({word, counts_[word]});
    changed_.clear();
    ack(tick);
  }

  bool emits_on_tick_ = false;
  std::unordered_map<std::string, std::int64_t> counts_;
  std::unordered_set<std::string> changed_;
};

}  // namespace

int main() { return WordCount().run(); }
