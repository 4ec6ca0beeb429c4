#include "json_text.hpp"

#include <array>
#include <cmath>
#include <limits>

namespace egret {
namespace {

// Stands before the word of a number inside a string while it passes through the parser; no text begins so by
// chance.
constexpr std::string_view kMarker = "\x01 egret number \x01";
constexpr std::string_view kEscapedMarker = "\\u0001 egret number \\u0001";
constexpr std::array<std::string_view, 3> kWords = {"NaN", "Infinity", "-Infinity"};

double number_of(std::string_view word) {
  if (word == "NaN") return std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  return word[0] == '-' ? -infinity : infinity;
}

// The word that stands at `at`, empty when there is none.
std::string_view word_at(std::string_view text, std::size_t at) {
  for (const std::string_view word : kWords) {
    if (text.substr(at, word.size()) == word) return word;
  }
  return {};
}

std::size_t end_of_string(std::string_view text, std::size_t opening_quote) {
  for (std::size_t i = opening_quote + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

std::string with_marked_words(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = 1;
    if (text[i] == '"') {
      length = end_of_string(text, i) - i;
    } else if (const std::string_view word = word_at(text, i); !word.empty()) {
      out.append("\"").append(kEscapedMarker).append(word).append("\"");
      i += word.size();
      continue;
    }
    out += text.substr(i, length);
    i += length;
  }
  return out;
}

void replace_marked(Json& value) {
  if (value.is_structured()) {
    for (Json& part : value) replace_marked(part);
  } else if (value.is_string()) {
    const std::string_view text = value.get_ref<const std::string&>();
    if (text.substr(0, kMarker.size()) == kMarker) value = number_of(text.substr(kMarker.size()));
  }
}

// Whether a number in it needs a word.
bool holds_word_number(const Json& value) {
  if (value.is_number_float()) return !std::isfinite(value.get<double>());
  if (!value.is_structured()) return false;
  for (const Json& part : value) {
    if (holds_word_number(part)) return true;
  }
  return false;
}

std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

void append_with_words(std::string& out, const Json& value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    const double number = value.get<double>();
    out += std::isnan(number) ? kWords[0] : number > 0 ? kWords[1] : kWords[2];
  } else if (value.is_array()) {
    char separator = '[';
    for (const Json& part : value) {
      out += separator;
      append_with_words(out, part);
      separator = ',';
    }
    out += separator == '[' ? "[]" : "]";
  } else if (value.is_object()) {
    char separator = '{';
    for (const auto& [key, part] : value.items()) {
      out += separator;
      append_json_string(out, key);
      out += ':';
      append_with_words(out, part);
      separator = ',';
    }
    out += separator == '{' ? "{}" : "}";
  } else {
    out += dump(value);
  }
}

}  // namespace

void append_json(std::string& out, const Json& value) {
  if (holds_word_number(value)) {
    append_with_words(out, value);
  } else {
    out += dump(value);
  }
}

Json parse_json(std::string_view text) {
  Json value = Json::parse(text, nullptr, false);
  if (!value.is_discarded()) return value;
  const std::string marked = with_marked_words(text);
  if (marked.size() == text.size()) return value;
  value = Json::parse(marked, nullptr, false);
  if (!value.is_discarded()) replace_marked(value);
  return value;
}

void append_json(std::string& out, const Values& values) {
  out += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    append_json(out, values[i]);
  }
  out += ']';
}

void append_json_string(std::string& out, std::string_view text) { append_json(out, Json(text)); }

bool nests_deeper(std::string_view json, std::size_t limit) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > limit) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace egret
