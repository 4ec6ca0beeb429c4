// Splits sentences into words: [sentence] -> [word] for each.
//
// A BasicBolt: the words are anchored to their sentence, which is acked when all of them are out.
#include <cctype>
#include <egret/egret.hpp>
#include <string>

namespace {

class SplitSentence : public egret::BasicBolt {
  void process(const egret::Tuple& tuple) override {
    const std::string sentence = tuple.get<std::string>(0);
    std::string word;
    for (const char c : sentence) {
      if (std::isspace(static_cast<unsigned char>(c)) == 0) {
        word += c;
      } else {
        emit_word(word);
      }
    }
    emit_word(word);
  }

  void emit_word(std::string& word) {
    if (word.empty()) return;
    emit({word});
    word.clear();
  }
};

}  // namespace

int main() { return SplitSentence().run(); }
