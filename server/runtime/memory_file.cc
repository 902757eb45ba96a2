#include "server/runtime/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::server {
namespace {

constexpr int kNone = -1;

absl::Status Failed() { return domain::MakeError(domain::Reason::kInternal); }

absl::Status Fill(int descriptor, std::string_view text, std::int64_t generation) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return Failed();
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  const timespec time{.tv_sec = generation, .tv_nsec = 0};
  const timespec times[] = {time, time};
  return futimens(descriptor, times) == 0 ? absl::OkStatus() : Failed();
}

absl::StatusOr<int> MakeDescriptor(std::string_view text, std::int64_t generation) {
  const int descriptor = memfd_create("kobling", MFD_CLOEXEC);
  if (descriptor < 0) {
    return Failed();
  }
  if (absl::Status filled = Fill(descriptor, text, generation); !filled.ok()) {
    close(descriptor);
    return filled;
  }
  return descriptor;
}

}  // namespace

absl::StatusOr<MemoryFile> MemoryFile::Create(std::string_view text) {
  constexpr std::int64_t kFirstGeneration = 1;
  KOBLING_ASSIGN_OR_RETURN(const int descriptor, MakeDescriptor(text, kFirstGeneration));
  return MemoryFile(descriptor, kFirstGeneration);
}

MemoryFile::MemoryFile(MemoryFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, kNone)), generation_(other.generation_) {}

MemoryFile::~MemoryFile() {
  if (descriptor_ != kNone) {
    close(descriptor_);
  }
}

std::string MemoryFile::path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

absl::Status MemoryFile::Replace(std::string_view text) {
  ++generation_;
  KOBLING_ASSIGN_OR_RETURN(const int descriptor, MakeDescriptor(text, generation_));
  const bool replaced = dup3(descriptor, descriptor_, O_CLOEXEC) == descriptor_;
  close(descriptor);
  return replaced ? absl::OkStatus() : Failed();
}

}  // namespace kobling::server
