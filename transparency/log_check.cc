#include "transparency/log_check.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "crypto/merkle.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "transparency/event.h"
#include "transparency/log_folder.h"
#include "transparency/tiles.h"
#include "transparency/tree_edge.h"

namespace kobling::transparency {
namespace {

struct ClaimedTree {
  std::uint64_t size;
  crypto::Digest root;
  std::string where;
};

// Reads leaf after leaf, and compares whatever the folder says of them.
class Checker {
 public:
  Checker(const LogCheckRequest& request, LogCheckReport& report)
      : request_(request), report_(report), folder_(request.folder) {}

  absl::Status Run() {
    // Those that were kept first: the log may grow while it is read, and the newest must not be older than they are.
    const std::vector<KeptCheckpoint> kept = ReadKeptCheckpoints();
    KOBLING_ASSIGN_OR_RETURN(const Note newest, folder_.ReadCheckpoint());
    KOBLING_ASSIGN_OR_RETURN(report_.head, VerifyCheckpoint(newest, request_.log));
    AddClaim(newest, report_.head, "checkpoint");
    for (const VerifierKey& witness : request_.witnesses) {
      const auto time = VerifyCosignature(newest, witness);
      if (!time.ok()) {
        AddFault("checkpoint", "not rightly cosigned by " + witness.name());
      } else {
        report_.newest_cosignature = std::max(report_.newest_cosignature.value_or(*time), *time);
      }
    }
    for (const KeptCheckpoint& one : kept) {
      if (const auto head = VerifyCheckpoint(one.note, request_.log); head.ok()) {
        AddClaim(one.note, *head, one.path);
      } else {
        AddFault(one.path, domain::WhereOf(head.status()));
      }
    }
    for (std::size_t i = 0; i < request_.own_checkpoints.size(); ++i) {
      const std::string where = "own checkpoint " + std::to_string(i + 1);
      const auto head = VerifyCheckpoint(request_.own_checkpoints[i], request_.log);
      if (head.ok()) {
        AddClaim(request_.own_checkpoints[i], *head, where);
      } else {
        AddFault(where, std::string(domain::WhereOf(head.status())));
      }
    }
    std::stable_sort(claims_.begin(), claims_.end(),
                     [](const ClaimedTree& a, const ClaimedTree& b) { return a.size < b.size; });
    ReadLeaves();
    return absl::OkStatus();
  }

 private:
  void AddFault(std::string where, std::string what) {
    if (++report_.fault_count <= LogCheckReport::kShownFaults) {
      report_.faults.push_back({std::move(where), std::move(what)});
    }
  }

  void AddClaim(const Note& note, const TreeHead& head, const std::string& where) {
    ++report_.checkpoints;
    claims_.push_back({head.size, head.root, where});
    for (const VerifierKey& witness : request_.witnesses) {
      if (note.SignatureBy(witness).has_value()) {
        if (VerifyCosignature(note, witness).ok()) {
          ++report_.cosignatures;
        } else if (where != "checkpoint") {  // there it is told already
          AddFault(where, "the cosignature of " + witness.name() + " is wrong");
        }
      }
    }
  }

  struct KeptCheckpoint {
    std::string path;
    Note note;
  };

  std::vector<KeptCheckpoint> ReadKeptCheckpoints() {
    std::vector<KeptCheckpoint> kept;
    const auto paths = folder_.ListKeptCheckpoints();
    if (!paths.ok()) {
      AddFault("checkpoints", "cannot be read");
      return kept;
    }
    for (const std::string& path : *paths) {
      if (auto note = folder_.ReadKeptCheckpoint(path); note.ok()) {
        kept.push_back({path, *std::move(note)});
      } else {
        AddFault(path, "cannot be read as a checkpoint");
      }
    }
    return kept;
  }

  // Those that speak of the tree as it is now.
  void CheckClaims() {
    for (; next_claim_ < claims_.size() && claims_[next_claim_].size == edge_.size(); ++next_claim_) {
      if (claims_[next_claim_].root != edge_.Root()) {
        AddFault(claims_[next_claim_].where,
                 "its root is not that of the first " + std::to_string(claims_[next_claim_].size) + " events");
      }
    }
  }

  void CheckTile(unsigned level, std::uint64_t index, std::string_view hashes) {
    const std::size_t width = hashes.size() / kHashBytes;
    ++report_.tiles;
    const auto tile = folder_.ReadTile(level, index, width);
    if (!tile.ok()) {
      AddFault(TilePath(level, index, width), "missing, or cannot be read");
    } else if (*tile != hashes) {
      AddFault(TilePath(level, index, width), "does not hold the hashes that follow from the events");
    }
  }

  void ReadLeaves() {
    CheckClaims();
    const auto on_full_tile = [&](unsigned level, std::uint64_t index, std::string_view hashes) {
      CheckTile(level, index, hashes);
      return absl::OkStatus();
    };
    for (std::uint64_t bundle = 0; edge_.size() < report_.head.size; ++bundle) {
      const std::size_t width = TileWidth(0, bundle, report_.head.size);
      const auto entries = folder_.ReadEntries(bundle, width);
      if (!entries.ok()) {
        AddFault(EntriesPath(bundle, width), "missing, or cannot be read; what follows was not checked");
        return;
      }
      for (const std::string& entry : *entries) {
        CheckEvent(entry);
        const crypto::Digest leaf =
            crypto::LeafHash(std::span(reinterpret_cast<const std::uint8_t*>(entry.data()), entry.size()));
        if (!edge_.Append(leaf, on_full_tile).ok()) {
          return;
        }
        CheckClaims();
      }
    }
    for (unsigned level = 0; level < edge_.levels(); ++level) {
      if (const std::string_view hashes = edge_.PartialTile(level); !hashes.empty()) {
        CheckTile(level, HashesAtLevel(level, edge_.size()) / kTileWidth, hashes);
      }
    }
    for (; next_claim_ < claims_.size(); ++next_claim_) {
      AddFault(claims_[next_claim_].where,
               "speaks of " + std::to_string(claims_[next_claim_].size) + " events, more than the newest checkpoint");
    }
  }

  void CheckEvent(const std::string& entry) {
    const std::uint64_t index = report_.entries++;
    const auto event = DecodeEvent(entry);
    if (!event.ok()) {
      AddFault("event " + std::to_string(index), "is not written as an event");
      return;
    }
    if (report_.last_time.has_value() && event->time < *report_.last_time) {
      ++report_.times_back;
    }
    report_.first_time = report_.first_time.value_or(event->time);
    report_.last_time = event->time;
    ++report_.counts[{event->operation, event->result}];
  }

  const LogCheckRequest& request_;
  LogCheckReport& report_;
  LogFolder folder_;
  TreeEdge edge_;
  std::vector<ClaimedTree> claims_;  // by size
  std::size_t next_claim_ = 0;
};

}  // namespace

absl::StatusOr<LogCheckReport> CheckLog(const LogCheckRequest& request) {
  LogCheckReport report;
  KOBLING_RETURN_IF_ERROR(Checker(request, report).Run());
  return report;
}

}  // namespace kobling::transparency
