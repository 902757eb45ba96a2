// Who confirms that the log has only grown: a witness, asked over HTTP (server/core/witness_client.h) or made up by a
// test.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "transparency/note.h"
#include "transparency/proof.h"

namespace kobling::server {

class Cosigner {
 public:
  virtual ~Cosigner() = default;

  // Makes the proof that the tree of so many leaves is a beginning of the checkpoint's.
  using Prove = std::function<absl::StatusOr<transparency::Proof>(std::uint64_t old_size)>;

  // A fresh signature of the checkpoint by the witness. Fails with
  //   WITNESS_UNREACHABLE  no answer, one that is no witness's or not this one's, or not fresh
  //   WITNESS_AHEAD        the witness has signed a larger tree
  //   WITNESS_REFUSED      the witness has signed another tree, or has forgotten one
  virtual absl::StatusOr<transparency::NoteSignature> Cosign(const transparency::Note& checkpoint,
                                                             const Prove& prove) = 0;
};

}  // namespace kobling::server
