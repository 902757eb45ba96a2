#include "crypto/age_key.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "crypto/bech32.h"
#include "crypto/fingerprint.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kRecipientPrefix = "age";
constexpr std::string_view kIdentityPrefix = "age-secret-key-";
// A file of one identity with its two comments has 189 characters; more room is for the owner's own comments.
constexpr std::size_t kMaxIdentityFileBytes = 4096;

// Wipes a piece of memory when it goes out of scope.
class WipeAtEnd {
 public:
  explicit WipeAtEnd(std::span<std::uint8_t> memory) : memory_(memory) {}
  explicit WipeAtEnd(std::string& text) : memory_(reinterpret_cast<std::uint8_t*>(text.data()), text.size()) {}
  ~WipeAtEnd() { Wipe(memory_); }
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;

 private:
  std::span<std::uint8_t> memory_;
};

class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor() {
    if (number_ >= 0) {
      close(number_);
    }
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

absl::Status FileError(Reason reason, const std::filesystem::path& file) {
  return MakeError(reason, {{DetailKey::kFile, file.string()}});
}

absl::Status ProfileError(const std::filesystem::path& file, std::string_view hint) {
  return MakeError(Reason::kProfile, {{DetailKey::kFile, file.string()}, {DetailKey::kHint, hint}});
}

// Reads until `out` is full or the file ends; nothing on an error of the file system.
std::optional<std::size_t> ReadUpTo(int file, std::span<std::uint8_t> out) {
  std::size_t size = 0;
  while (size < out.size()) {
    const ssize_t got = read(file, out.data() + size, out.size() - size);
    if (got == 0) {
      break;
    }
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return std::nullopt;
    }
    size += static_cast<std::size_t>(got);
  }
  return size;
}

enum class Durability : std::uint8_t { kDone, kFailed };

Durability WriteAndSync(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = write(file, text.data(), text.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return Durability::kFailed;
    }
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return fsync(file) == 0 ? Durability::kDone : Durability::kFailed;
}

Durability SyncFolderOf(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const FileDescriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return descriptor.is_open() && fsync(descriptor.number()) == 0 ? Durability::kDone : Durability::kFailed;
}

// The lines of an identity file that are neither empty nor a comment.
std::vector<std::string_view> MeaningfulLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') {
      line.remove_suffix(1);
    }
    if (!line.empty() && line.front() != '#') {
      lines.push_back(line);
    }
  }
  return lines;
}

}  // namespace

AgeRecipient::AgeRecipient(const X25519Point& point) : point_(point), text_(Bech32Encode(kRecipientPrefix, point)) {}

absl::StatusOr<AgeRecipient> AgeRecipient::Parse(std::string_view text) {
  const std::optional<std::vector<std::uint8_t>> data = Bech32Decode(kRecipientPrefix, text);
  X25519Point point;
  if (!data.has_value() || data->size() != point.size()) {
    return MakeError(Reason::kRecipientKeyMalformed);
  }
  std::copy(data->begin(), data->end(), point.begin());
  AgeRecipient recipient(point);
  // Points of small order make every agreed secret zero; any scalar shows it.
  const X25519Point any_scalar = {1};
  X25519Point agreed;
  if (recipient.text_ != text || crypto_scalarmult_curve25519(agreed.data(), any_scalar.data(), point.data()) != 0) {
    return MakeError(Reason::kRecipientKeyMalformed);
  }
  return recipient;
}

std::string AgeRecipient::Fingerprint() const { return FingerprintOf(text_); }

AgeIdentity::AgeIdentity(SecretKey secret, AgeRecipient recipient)
    : secret_(std::move(secret)), recipient_(std::move(recipient)) {}

absl::StatusOr<AgeIdentity> AgeIdentity::FromSecret(SecretKey secret) {
  X25519Point point;
  if (crypto_scalarmult_curve25519_base(point.data(), SecretBytes(secret, SecretAccess()).data()) != 0) {
    return MakeError(Reason::kInternal);
  }
  return AgeIdentity(std::move(secret), AgeRecipient(point));
}

absl::StatusOr<AgeIdentity> AgeIdentity::Generate(SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(SecretKey secret, SecretKey::Generate(arena));
  return FromSecret(std::move(secret));
}

absl::StatusOr<AgeIdentity> AgeIdentity::Parse(std::string_view text, SecretArena& arena) {
  std::optional<std::vector<std::uint8_t>> data = Bech32Decode(kIdentityPrefix, text);
  if (!data.has_value()) {
    return MakeError(Reason::kProfile, {{DetailKey::kHint, "not an age identity (AGE-SECRET-KEY-1...)"}});
  }
  const WipeAtEnd wipe(*data);
  if (data->size() != SecretKey::kBytes) {
    return MakeError(Reason::kProfile, {{DetailKey::kHint, "not an age identity (AGE-SECRET-KEY-1...)"}});
  }
  KOBLING_ASSIGN_OR_RETURN(SecretKey secret,
                           SecretKey::CopyOf(arena, std::span<const std::uint8_t, SecretKey::kBytes>(*data)));
  return FromSecret(std::move(secret));
}

absl::StatusOr<AgeIdentity> AgeIdentity::Load(const std::filesystem::path& file, SecretArena& arena) {
  const FileDescriptor descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor.is_open()) {
    return FileError(errno == ENOENT ? Reason::kFileNotFound : Reason::kFileUnreadable, file);
  }
  struct stat status = {};
  if (fstat(descriptor.number(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return FileError(Reason::kFileUnreadable, file);
  }
  const mode_t mode = status.st_mode & 07777;
  if (mode != 0600 && mode != 0400) {
    return MakeError(Reason::kFileMode, {{DetailKey::kFile, file.string()},
                                         {DetailKey::kState, absl::StrFormat("%04o", mode)},
                                         {DetailKey::kExpected, "0600 or 0400"}});
  }
  std::array<std::uint8_t, kMaxIdentityFileBytes + 1> bytes;
  const WipeAtEnd wipe(bytes);
  const std::optional<std::size_t> size = ReadUpTo(descriptor.number(), bytes);
  if (!size.has_value()) {
    return FileError(Reason::kFileUnreadable, file);
  }
  if (*size > kMaxIdentityFileBytes) {
    return ProfileError(file, "too large for an age identity file");
  }
  const std::vector<std::string_view> lines =
      MeaningfulLines(std::string_view(reinterpret_cast<const char*>(bytes.data()), *size));
  if (lines.size() != 1) {
    return ProfileError(file, "the file must hold exactly one age identity");
  }
  absl::StatusOr<AgeIdentity> identity = Parse(lines.front(), arena);
  if (domain::ReasonOf(identity.status()) == Reason::kProfile) {
    return ProfileError(file, "not an age identity (AGE-SECRET-KEY-1...)");
  }
  return identity;
}

absl::Status AgeIdentity::Write(const std::filesystem::path& file, absl::Time created) const {
  std::string secret_text = Bech32Encode(kIdentityPrefix, SecretBytes(secret_, SecretAccess()));
  const WipeAtEnd wipe_secret_text(secret_text);
  absl::AsciiStrToUpper(&secret_text);
  std::string text =
      absl::StrFormat("# created: %s\n# public key: %s\n",
                      absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", created, absl::UTCTimeZone()), recipient_.text());
  // Reserved, so that growing leaves no copy behind.
  text.reserve(text.size() + secret_text.size() + 1);
  text.append(secret_text).push_back('\n');
  const WipeAtEnd wipe_text(text);

  const FileDescriptor descriptor(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!descriptor.is_open()) {
    return FileError(errno == EEXIST ? Reason::kFileExists : Reason::kFileUnwritable, file);
  }
  if (WriteAndSync(descriptor.number(), text) == Durability::kFailed || SyncFolderOf(file) == Durability::kFailed) {
    unlink(file.c_str());
    return FileError(Reason::kFileUnwritable, file);
  }
  return absl::OkStatus();
}

absl::StatusOr<SecretKey> AgeIdentity::AgreeWith(const X25519Point& share, SecretArena& arena) const {
  KOBLING_ASSIGN_OR_RETURN(SecretKey agreed, SecretKey::Zero(arena));
  if (crypto_scalarmult_curve25519(MutableSecretBytes(agreed, SecretAccess()).data(),
                                   SecretBytes(secret_, SecretAccess()).data(), share.data()) != 0) {
    return MakeError(Reason::kKeyFileAltered);
  }
  return agreed;
}

}  // namespace kobling::crypto
