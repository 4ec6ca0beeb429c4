#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "egret/errors.hpp"
#include "egret/values.hpp"

namespace egret {

// One input of a bolt. Copy it to keep it beyond `process`, to ack it later or to anchor to it.
class Tuple {
 public:
  Tuple(std::string id, std::string component, std::string stream, int task, Values values)
      : id_(std::move(id)),
        component_(std::move(component)),
        stream_(std::move(stream)),
        task_(task),
        values_(std::move(values)) {}

  // The parent's name for this delivery; anchors, acks and fails repeat it.
  const std::string& id() const { return id_; }
  // The component, stream and task that emitted it; `__system`, `__tick` and -1 for ticks.
  const std::string& component() const { return component_; }
  const std::string& stream() const { return stream_; }
  int task() const { return task_; }
  const Values& values() const { return values_; }
  std::size_t size() const { return values_.size(); }

  // Whether this is the clock tick that `topology.tick.tuple.freq.secs` asks for; its value is the seconds.
  bool is_tick() const { return task_ == -1 && stream_ == "__tick"; }

  // The value at `index`. Throws ValueError when there is none.
  const Json& at(std::size_t index) const;

  // The value at `index` as a T: a string, bool, whole or floating number, or whatever nlohmann::json
  // converts to. Throws ValueError when it has another type or does not fit: nothing is truncated or wrapped
  // around.
  template <typename T>
  T get(std::size_t index) const {
    const Json& value = at(index);
    if constexpr (std::is_same_v<T, bool>) {
      require(value.is_boolean(), index, "a boolean");
      return value.get<bool>();
    } else if constexpr (std::is_integral_v<T>) {
      return whole_number<T>(value, index);
    } else if constexpr (std::is_floating_point_v<T>) {
      require(value.is_number(), index, "a number");
      return value.get<T>();
    } else if constexpr (std::is_same_v<T, std::string>) {
      require(value.is_string(), index, "a string");
      return value.get<std::string>();
    } else {
      return converted<T>(value, index);
    }
  }

 private:
  template <typename T>
  T whole_number(const Json& value, std::size_t index) const {
    require(value.is_number_integer(), index, "a whole number");
    bool fits = false;
    if (value.is_number_unsigned()) {
      fits = value.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    } else if constexpr (std::is_signed_v<T>) {
      const auto number = value.get<std::int64_t>();
      fits = number >= std::numeric_limits<T>::min() && number <= std::numeric_limits<T>::max();
    } else {
      const auto number = value.get<std::int64_t>();
      fits = number >= 0 && static_cast<std::uint64_t>(number) <= std::numeric_limits<T>::max();
    }
    require(fits, index, "a whole number within the range asked for");
    return value.get<T>();
  }

  template <typename T>
  T converted(const Json& value, std::size_t index) const {
    try {
      return value.get<T>();
    } catch (const Json::exception& error) {
      require(false, index, error.what());
      throw;
    }
  }

  void require(bool holds, std::size_t index, const char* expected) const;

  std::string id_;
  std::string component_;
  std::string stream_;
  int task_;
  Values values_;
};

}  // namespace egret
