// What a project has given out, at any moment of its life, and what a register was told.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/core.h"
#include "storage/identity_log.h"
#include "storage/representatives.h"

namespace kobling::server {

inline constexpr std::uint64_t kNow = std::numeric_limits<std::uint64_t>::max();

// All that the project had given out, and retired, before the event with that index. Reads sets of every key file.
absl::StatusOr<storage::IssuedNumbers> IssuedBefore(const Core& core, const storage::ProjectRows& project,
                                                    std::uint64_t event_index);

// The representatives now of all the identifiers.
absl::StatusOr<storage::RepresentativeTable> RepresentativesNow(const Core& core, const storage::ProjectRows& project,
                                                                const storage::NumberSet& identifiers);

// The representatives that the identifiers had when the key file was issued. The replay must not have gone beyond it.
absl::StatusOr<storage::RepresentativeTable> RepresentativesAtIssue(const Core& core, storage::IdentityReplay& replay,
                                                                    const storage::ProjectRows& project,
                                                                    const records::KeyFileRecord& key_file,
                                                                    const storage::NumberSet& identifiers);

// Which representative stood for an identifier in each of some key files of one register. Only identifiers with a
// history are kept: every other one always stood for itself.
class ToldNumbers {
 public:
  // Reads the rows of the files, which must be the project's own. Only identifiers in `among` are looked at.
  static absl::StatusOr<ToldNumbers> Read(const Core& core, const storage::ProjectRows& project,
                                          const std::vector<records::KeyFileRecord>& files,
                                          const storage::NumberSet& among);
  // The same for all that each of some registers was told, in one pass through the identity history.
  struct FilesOfRegister {
    const storage::ProjectRows* project;
    std::vector<records::KeyFileRecord> files;
    // If set: all that the project has given out. Nobody is looked at then whose løpenummer can never have changed.
    const storage::NumberSet* issued = nullptr;
  };
  static absl::StatusOr<std::vector<ToldNumbers>> ReadAll(const Core& core, const std::vector<FilesOfRegister>& wanted);

  // Adds a file that was issued after those before, for whoever knows its representatives already. The identifiers are
  // those of its rows with a history that matter.
  void Add(const records::KeyFileRecord& key_file, storage::NumberSet identifiers,
           storage::RepresentativeTable representatives);

  // The identifiers with a history that any of the files told of.
  const storage::NumberSet& identifiers() const { return identifiers_; }

  // What the register holds who has applied all of the files: what the last one said. The identifier must be one of
  // identifiers().
  std::uint32_t Last(std::uint32_t identifier) const;
  // What its deliveries are to be corrected from, where `now` is right: the first that a file has said otherwise and no
  // correction has replaced since; `now` if none has.
  std::uint32_t ToCorrect(std::uint32_t identifier, std::uint32_t now) const;
  // Everything that was ever said.
  std::vector<std::uint32_t> All(std::uint32_t identifier) const;

 private:
  struct Telling {
    bool is_correction;
    storage::NumberSet identifiers;
    storage::RepresentativeTable representatives;
  };

  storage::NumberSet identifiers_;
  std::vector<Telling> tellings_;  // oldest first
};

// What the register holds for each of the identifiers; of those that no file told of, the identifier itself.
storage::RepresentativeTable LastTold(const ToldNumbers& told, const storage::NumberSet& identifiers);

// The register's key files that it has fetched.
std::vector<records::KeyFileRecord> FetchedBy(const storage::ProjectRows& project, std::string_view register_id);

// Those of the identifiers whose løpenummer may be another one than when the key file was issued: their person has
// changed since, or a correction has.
absl::StatusOr<storage::NumberSet> PerhapsRenumbered(const Core& core, const storage::ProjectRows& project,
                                                     const records::KeyFileRecord& key_file,
                                                     const storage::NumberSet& identifiers);

// The identifiers that confirmed corrections are about, without those whose person has changed since: what that brings
// about nobody has confirmed.
absl::StatusOr<storage::NumberSet> ConfirmedConcerned(const Core& core, const storage::ProjectRows& project);

// The file and those that it goes on from, oldest first.
std::vector<records::KeyFileRecord> ChainOf(const storage::ProjectRows& project, const records::KeyFileRecord& last);

}  // namespace kobling::server
