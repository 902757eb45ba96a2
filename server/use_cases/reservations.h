// Lists of people who have reserved themselves: how they are loaded, and which versions there are.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kobling/v1/reservation_service.pb.h"
#include "server/core/core.h"
#include "server/core/identifier_stream.h"
#include "server/core/numbered_identifiers.h"
#include "server/use_cases/population.h"

namespace kobling::server {

namespace api = ::kobling::v1;

// One list while it arrives. For one thread. Dropped without Commit, it leaves nothing.
class ReservationStream {
 public:
  // Checks the header. A register loads its own list, the identity feed the national one.
  static absl::StatusOr<std::unique_ptr<ReservationStream>> Begin(const Core& core, const Call& call,
                                                                  StreamContext context,
                                                                  const api::ReservationHeader& header);

  absl::Status Add(const api::IdentifierBatch& batch, std::vector<api::RowFault>& faults);
  std::uint64_t rows_done() const { return identifiers_.total_rows(); }

  // All or nothing. A stream that changes nobody, with the date and the legal reference of the version in force, makes
  // no version. Fails with INVALID_ROWS_REFUSED for a whole list with bad rows, unless the header lets it.
  absl::StatusOr<api::LoadReservationsResponse> Commit(const api::ReservationCommit& commit);

 private:
  ReservationStream(const Core& core, const Call& call, StreamContext context, const api::ReservationHeader& header);

  absl::Status CheckHeader() const;
  absl::StatusOr<api::LoadReservationsResponse> Store(const StreamedIdentifiers& stream, Change& change) const;

  const Core& core_;
  const Call call_;
  const api::ReservationHeader header_;
  const std::string list_;              // the register's id; empty for the national list
  crypto::HmacSha256::Stream content_;  // of all batches, so that a repeated request is known to be the same
  IdentifierStream identifiers_;
};

// The unary methods of kobling.v1.ReservationService.
class ReservationLists {
 public:
  explicit ReservationLists(const Core& core) : core_(core) {}

  absl::StatusOr<api::ListReservationListsResponse> List(const Call& call,
                                                         const api::ListReservationListsRequest& request) const;

 private:
  const Core& core_;
};

}  // namespace kobling::server
