#include "egret/transport.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "egret/errors.hpp"
#include "json_text.hpp"

namespace egret {
namespace {

constexpr std::size_t kReadBytes = 65536;
constexpr std::size_t kWriteBufferBytesMax = 32768;
constexpr std::chrono::milliseconds kSlowHandler{5};
constexpr std::string_view kLineEnd = "\nend";

[[noreturn]] void fail_with_errno(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

void wait_for(int fd, short events) {
  pollfd entry{fd, events, 0};
  if (::poll(&entry, 1, -1) < 0 && errno != EINTR) fail_with_errno("poll");
}

std::string excerpt(std::string_view text) {
  std::string out;
  append_json_string(out, text.substr(0, 200));
  if (text.size() > 200) out += "...";
  return out;
}

}  // namespace

PipeTransport::PipeTransport(int input_fd, int output_fd) : input_fd_(input_fd), output_fd_(output_fd) {}

PipeTransport::~PipeTransport() {
  ::close(input_fd_);
  ::close(output_fd_);
}

void PipeTransport::send(std::string_view json) {
  const std::lock_guard<std::mutex> lock(mutex_);
  output_ += json;
  output_ += "\nend\n";
  if (is_eager_ || output_.size() >= kWriteBufferBytesMax) write_out();
}

void PipeTransport::flush() {
  const std::lock_guard<std::mutex> lock(mutex_);
  write_out();
}

Json PipeTransport::receive() {
  const bool was_slow = std::chrono::steady_clock::now() - handed_over_at_ > kSlowHandler;
  bool is_ready = find_message();
  if (was_slow || !is_ready) {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_eager_ = true;
    write_out();
  }
  while (!is_ready) {
    fill();
    is_ready = find_message();
  }
  const std::string_view text(input_.data() + start_, boundary_.end - start_);
  if (nests_deeper(text, kNestingMax)) {
    throw ProtocolError("expected a JSON message of at most " + std::to_string(kNestingMax) + " levels, got " +
                        excerpt(text));
  }
  Json message = parse_json(text);
  if (message.is_discarded()) throw ProtocolError("expected a JSON message, got " + excerpt(text));
  start_ = searched_ = boundary_.next;
  boundary_ = {};
  const bool has_more = find_message();
  const std::lock_guard<std::mutex> lock(mutex_);
  is_eager_ = was_slow || !has_more;
  handed_over_at_ = std::chrono::steady_clock::now();
  return message;
}

// Looks for the line `end`, which may be ended by CR LF as well.
bool PipeTransport::find_message() {
  if (boundary_.end != std::string::npos) return true;
  for (;;) {
    const std::size_t found = input_.find(kLineEnd, searched_);
    if (found == std::string::npos) {
      // the first bytes of the separator may be there already
      const std::size_t tail = kLineEnd.size() - 1;
      searched_ = std::max(start_, input_.size() > tail ? input_.size() - tail : 0);
      return false;
    }
    searched_ = found;
    std::size_t after = found + kLineEnd.size();
    if (after < input_.size() && input_[after] == '\r') ++after;
    if (after >= input_.size()) return false;
    if (input_[after] == '\n') {
      boundary_ = {found, after + 1};
      return true;
    }
    searched_ = found + 1;
  }
}

void PipeTransport::fill() {
  if (start_ > 0) {
    input_.erase(0, start_);
    searched_ -= start_;
    start_ = 0;
  }
  if (input_.size() > kMessageBytesMax) {
    throw ProtocolError("expected a message of at most " + std::to_string(kMessageBytesMax) + " bytes, got " +
                        excerpt(input_));
  }
  std::array<char, kReadBytes> chunk;
  for (;;) {
    const ssize_t count = ::read(input_fd_, chunk.data(), chunk.size());
    if (count > 0) {
      input_.append(chunk.data(), static_cast<std::size_t>(count));
      return;
    }
    if (count == 0) throw ParentGone{};
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_for(input_fd_, POLLIN);
    } else if (errno != EINTR) {
      fail_with_errno("read from the parent");
    }
  }
}

void PipeTransport::write_out() {
  std::size_t written = 0;
  while (written < output_.size()) {
    const ssize_t count = ::write(output_fd_, output_.data() + written, output_.size() - written);
    if (count >= 0) {
      written += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_for(output_fd_, POLLOUT);
    } else if (errno == EPIPE) {
      output_.clear();
      throw ParentGone{};
    } else if (errno != EINTR) {
      output_.clear();
      fail_with_errno("write to the parent");
    }
  }
  output_.clear();
}

StandardPipe take_standard_streams() {
  const StandardPipe pipe{::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)};
  if (pipe.input_fd < 0 || pipe.output_fd < 0) fail_with_errno("stdin and stdout must be open");
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || ::dup2(null, STDIN_FILENO) < 0) fail_with_errno("/dev/null");
  ::close(null);
  // with stderr closed there is nowhere else to send prints
  if (::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) ::close(STDOUT_FILENO);
  std::signal(SIGPIPE, SIG_IGN);
  return pipe;
}

}  // namespace egret
