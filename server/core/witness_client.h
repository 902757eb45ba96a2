// Asks a witness over HTTP (C2SP tlog-witness).
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "domain/clock.h"
#include "server/core/cosigner.h"
#include "transparency/note.h"

namespace kobling::server {

// Safe for concurrent use; one request at a time.
class WitnessClient final : public Cosigner {
 public:
  // How far a witness's clock may be from this one. A signature from before is a replay: it says nothing of today.
  static constexpr absl::Duration kMostSkew = absl::Minutes(5);

  // `url` is http://host:port or https://host:port, with a path or without. The clock must outlive the client.
  WitnessClient(std::string url, transparency::VerifierKey witness, const domain::Clock& clock);

  absl::StatusOr<transparency::NoteSignature> Cosign(const transparency::Note& checkpoint, const Prove& prove) override;

  // Whether anything answers at the address.
  static bool Answers(const std::string& url);

 private:
  struct Answer {
    int status;
    std::string content_type;
    std::string body;
  };
  absl::StatusOr<Answer> Post(const std::string& body) const;
  absl::StatusOr<transparency::NoteSignature> Check(const transparency::Note& checkpoint,
                                                    const std::string& lines) const;

  const std::string url_;
  const transparency::VerifierKey witness_;
  const domain::Clock& clock_;
  std::mutex mutex_;
  std::uint64_t last_size_ = 0;    // what the witness is believed to have signed last; guarded by mutex_
  std::uint64_t signed_size_ = 0;  // what it has signed last for this server; guarded by mutex_
};

}  // namespace kobling::server
