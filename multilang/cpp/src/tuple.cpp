#include "egret/tuple.hpp"

namespace egret {

const Json& Tuple::at(std::size_t index) const {
  if (index >= values_.size()) {
    throw ValueError("expected value " + std::to_string(index) + " in a tuple of " + component_ + ", which has " +
                     std::to_string(values_.size()));
  }
  return values_[index];
}

void Tuple::require(bool holds, std::size_t index, const char* expected) const {
  if (holds) return;
  const std::string found = values_[index].dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 100);
  throw ValueError("expected value " + std::to_string(index) + " of a tuple of " + component_ + " to be " + expected +
                   ", found " + found);
}

}  // namespace egret
