#pragma once

#include <stdexcept>
#include <string>

namespace egret {

// The parent sent something that is not a message of the multilang protocol.
class ProtocolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A tuple has no such value, or one of another type or out of the asked type's range.
class ValueError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The parent closed the pipe. Not a std::exception, so that `catch (const std::exception&)` in a bolt does
// not keep an orphan running; Component::run ends with 0 on it.
struct ParentGone {};

}  // namespace egret
