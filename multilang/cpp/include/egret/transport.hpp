// How messages travel between a component and its parent. The classes that users extend know nothing of
// pipes, so that a faster wire can take the place of PipeTransport without a change to any spout or bolt.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "egret/values.hpp"

namespace egret {

// Carries whole messages in both directions. `send` and `flush` may be called from any thread, `receive` from
// one.
class Transport {
 public:
  virtual ~Transport() = default;

  // Queues one message, given as JSON text; it leaves at once unless more input is already waiting.
  virtual void send(std::string_view json) = 0;
  // Sends what is queued. Throws ParentGone when the parent no longer reads.
  virtual void flush() = 0;
  // Waits for the next message. Throws ParentGone at the end of input, ProtocolError on garbage.
  virtual Json receive() = 0;
};

// Storm's stock framing: JSON, a line feed, the line `end`, a line feed, on a pair of file descriptors.
//
// Output is held back only while further input is already read and the handlers are quick; otherwise every
// message leaves at once. A busy bolt thus writes once per read, and an idle or a slow one delays nothing.
class PipeTransport : public Transport {
 public:
  static constexpr std::size_t kMessageBytesMax = std::size_t{256} << 20;
  static constexpr std::size_t kNestingMax = 512;

  // Owns both descriptors.
  PipeTransport(int input_fd, int output_fd);
  ~PipeTransport() override;
  PipeTransport(const PipeTransport&) = delete;
  PipeTransport& operator=(const PipeTransport&) = delete;

  void send(std::string_view json) override;
  void flush() override;
  Json receive() override;

 private:
  // Where the text of the next whole message ends and the one after it begins; npos when none is whole yet.
  struct Boundary {
    std::size_t end = std::string::npos;
    std::size_t next = std::string::npos;
  };

  bool find_message();
  void fill();
  void write_out();

  int input_fd_;
  int output_fd_;
  std::string input_;
  std::size_t start_ = 0;
  std::size_t searched_ = 0;
  Boundary boundary_;
  std::mutex mutex_;
  std::string output_;
  bool is_eager_ = true;
  std::chrono::steady_clock::time_point handed_over_at_{};
};

// The descriptors of this process's stdin and stdout, taken out of everybody else's reach: afterwards
// descriptor 1 is stderr and 0 is /dev/null, so that neither std::cout, nor a library, nor a child process
// breaks into the conversation.
struct StandardPipe {
  int input_fd;
  int output_fd;
};
StandardPipe take_standard_streams();

}  // namespace egret
