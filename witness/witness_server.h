// A witness over HTTP.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "witness/witness.h"

namespace kobling::witness {

// Answers POST /add-checkpoint, and GET /checkpoint/ORIGIN with the checkpoint that was signed last. There is no TLS in
// it: what is sent is signed, and nothing of it is secret. Whoever wants the way hidden puts a proxy in front.
class WitnessServer {
 public:
  // Told of every request that was refused: the status and the reason.
  using OnRefusal = std::function<void(int status, std::string_view why)>;

  // Listens; port 0 lets the system choose. The witness must outlive the server. Fails with CONFIGURATION if the
  // address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<WitnessServer>> Listen(Witness& witness, const std::string& host,
                                                               std::uint16_t port, OnRefusal on_refusal);
  ~WitnessServer();
  WitnessServer(const WitnessServer&) = delete;
  WitnessServer& operator=(const WitnessServer&) = delete;

  std::uint16_t port() const;

 private:
  struct Parts;
  explicit WitnessServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace kobling::witness
