// The keys of one issuer while the service runs: the newest file's, and for a while those that it no longer has.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/tokens/key_file.h"
#include "server/tokens/key_set.h"

namespace kobling::server {

using SteadyTime = std::chrono::steady_clock::time_point;
// Time that only goes forwards. Called from several threads.
using SteadyNow = std::function<SteadyTime()>;

// What came of reading a key file: for the log.
struct KeyFileNews {
  std::string issuer;
  std::filesystem::path file;
  // OK, or TOKEN_KEYS: then the keys that were read before stay.
  absl::Status status;
  std::size_t usable = 0;                 // keys that are used from now on, those that are to be dropped included
  std::vector<std::string_view> ignored;  // why others of the file's keys are not: constants
};
// Called whenever a file was read, by the thread that read it; calls of one issuer never overlap.
using KeyFileListener = std::function<void(const KeyFileNews&)>;

// Safe to use from several threads. Nobody waits for a file to be read but those whose key is in none of the sets that
// were read before.
class IssuerKeys {
 public:
  struct Options {
    std::string issuer;
    std::filesystem::path file;
    // How long a key is used that the file no longer has: as long as a token can live that was signed with it before.
    std::chrono::nanoseconds max_life;
    SteadyNow steady_now;
    KeyFileListener listener;
  };

  // The file is looked at so often, and an unchanged one is read again so often for a key that is not in it.
  static constexpr std::chrono::seconds kInterval{60};

  // Reads the file. Fails with TOKEN_KEYS, naming it, if it has no key that can be used.
  static absl::StatusOr<std::unique_ptr<IssuerKeys>> Open(Options options);

  // The key of this name. An unknown name makes this look at the file: one that changed is read at once, so that a key
  // can be used as soon as it is published; one that did not is read once in kInterval, so that made-up names cost
  // nothing. A known name makes it look once in kInterval, so that withdrawn keys do not stay for ever.
  std::optional<IssuerKey> Find(std::string_view id);

 private:
  struct HeldKey {
    IssuerKey key;
    std::optional<SteadyTime> absent_since;  // when the file was first read without it
  };
  using HeldKeys = std::map<std::string, HeldKey, std::less<>>;
  enum class Cause : std::uint8_t { kInterval, kUnknownName };

  explicit IssuerKeys(Options options) : options_(std::move(options)), held_(std::make_shared<const HeldKeys>()) {}

  std::shared_ptr<const HeldKeys> held() const;
  std::optional<IssuerKey> FindHeld(std::string_view id) const;
  bool IsDropped(const HeldKey& key, SteadyTime now) const;

  // For the holder of reading_.
  void LookAtFile(Cause cause);
  absl::Status ReadFile(SteadyTime now);
  HeldKeys Merge(const KeySet& newest, SteadyTime now) const;

  const Options options_;

  std::mutex reading_;                      // taken before mutex_
  std::optional<KeyFileStamp> stamp_;       // of the file when it was read last. Guarded by reading_
  SteadyTime last_read_;                    // guarded by reading_
  std::atomic<SteadyTime::rep> last_look_;  // as a count of SteadyTime

  mutable std::mutex mutex_;
  std::shared_ptr<const HeldKeys> held_;  // guarded by mutex_
};

}  // namespace kobling::server
