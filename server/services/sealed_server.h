// A server that runs but does not answer for its data: the database is closed, no key is in memory, and no method is
// there but the one that says why.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "domain/clock.h"
#include "server/runtime/config.h"
#include "server/runtime/log.h"

namespace kobling::server {

// Callers prove who they are as ever; every other method than SealService's is refused with SEALED, and by no event,
// since nothing may be written. Ends with its destruction.
class SealedServer {
 public:
  // `why` is what callers are told. Clock and log must outlive the server. Fails as StartGrpcServer and ServerTls::Open
  // do.
  static absl::StatusOr<std::unique_ptr<SealedServer>> Start(const ServerConfig& config, const domain::Clock& clock,
                                                             Log& log, const absl::Status& why);
  ~SealedServer();
  SealedServer(const SealedServer&) = delete;
  SealedServer& operator=(const SealedServer&) = delete;

  std::uint16_t port() const;
  void SetReason(const absl::Status& why);

 private:
  struct Parts;
  explicit SealedServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace kobling::server
