// Messages as JSON text, written straight into a string.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "egret/values.hpp"

namespace egret {

// Appends a value; bytes that are not UTF-8 become U+FFFD, since JSON cannot carry them. NaN and the
// infinities, which JSON lacks, are the words that Storm and Python write for them.
void append_json(std::string& out, const Json& value);
void append_json(std::string& out, const Values& values);
void append_json_string(std::string& out, std::string_view text);

// The value that a text says, the words NaN, Infinity and -Infinity included; discarded when it is no JSON.
// The text must not nest deeply.
Json parse_json(std::string_view text);

// Whether brackets outside of strings nest deeper than `limit`.
bool nests_deeper(std::string_view json, std::size_t limit);

}  // namespace egret
