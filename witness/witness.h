// A witness of transparency logs: it signs that a log only ever grew, and keeps the last tree that it has signed.
//
// It belongs to somebody else than the log: another user on the same machine at least, another machine and owner in
// production. Whoever then wants to change the past of the log needs both.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/secret_file.h"
#include "crypto/secret_memory.h"
#include "crypto/signing.h"
#include "domain/clock.h"
#include "transparency/checkpoint.h"
#include "transparency/note.h"

namespace kobling::witness {

// A folder with everything that a witness has:
//   name           its name, one line
//   key            the seed of its signing key, 32 bytes, 0600
//   witness.vkey   its verifier key, to hand out
//   logs/*.vkey    the logs that it signs for, one verifier key each
//   state/*        of each log, the checkpoint that it has signed last
//
// Safe for concurrent use.
class Witness {
 public:
  // Makes a new folder with a new key. Fails with FIELD_MALFORMED for a name that no signer may have, FILE_EXISTS or
  // FILE_UNWRITABLE.
  static absl::Status Create(const std::filesystem::path& folder, std::string_view name);

  // Adds a log, whose checkpoints are signed from now on. Fails with FIELD_MALFORMED if it is no log's key, FILE_EXISTS
  // if there is a key of that origin, or FILE_UNWRITABLE.
  static absl::Status AddLog(const std::filesystem::path& folder, std::string_view verifier_key);

  // What it is opened for. Only one process at a time may sign: two would each sign a history of their own.
  enum class Use : std::uint8_t { kSign, kLook };

  // Fails with SERVER_BUSY if it is to sign, and another process does so already. Fails with FILE_NOT_FOUND, FILE_MODE,
  // FILE_UNREADABLE, FIELD_MALFORMED, KEY_UNUSABLE or SECRET_MEMORY_UNLOCKED. A state that cannot be read is
  // LOG_MALFORMED: it is never taken for none. The clock must outlive the witness.
  static absl::StatusOr<std::unique_ptr<Witness>> Open(const std::filesystem::path& folder, Use use,
                                                       const domain::Clock& clock);

  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  const transparency::VerifierKey& verifier() const { return verifier_; }

  // An answer over HTTP.
  struct Answer {
    int status;
    std::string content_type;
    std::string body;
  };
  // Answers a request of a log. The state is on disk before the signature is given.
  Answer AddCheckpoint(std::string_view request);

  // The checkpoints that were signed last, by origin.
  std::vector<transparency::Note> Latest() const;

 private:
  struct Log {
    transparency::VerifierKey key;
    std::filesystem::path state_file;
    std::optional<transparency::Note> latest;
  };

  Witness(std::optional<crypto::Descriptor> lock, std::unique_ptr<crypto::SecretArena> arena, crypto::SigningKey key,
          std::string name, const domain::Clock& clock);
  absl::Status LoadLogs(const std::filesystem::path& folder);
  static absl::Status Keep(const std::filesystem::path& file, const transparency::Note& note);

  std::optional<crypto::Descriptor> lock_;  // held as long as it may sign
  // In this order: the key lives in the arena.
  std::unique_ptr<crypto::SecretArena> arena_;
  crypto::SigningKey key_;
  const transparency::VerifierKey verifier_;
  const domain::Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<Log> logs_;  // by origin; guarded by mutex_
};

}  // namespace kobling::witness
