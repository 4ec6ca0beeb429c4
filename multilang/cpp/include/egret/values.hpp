// What travels in a tuple: JSON values, kept by nlohmann::json (whole numbers of 64 bits stay exact).
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

namespace egret {

using Json = nlohmann::json;

// The values of one tuple, in the order of the stream's declared fields: `Values{"cow", 1}`.
using Values = std::vector<Json>;

}  // namespace egret
