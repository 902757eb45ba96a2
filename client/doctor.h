// Looks at everything that must be right before the other commands work: the first thing that support asks for.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/session.h"

namespace kobling::client {

struct Finding {
  enum class Verdict { kGood, kAdvice, kBad };
  std::string what;  // "address"
  Verdict verdict = Verdict::kGood;
  std::string details;
};

struct Diagnosis {
  std::vector<Finding> findings;
  // The first thing that is bad, OK if nothing is.
  absl::Status status;
  // The server's signing key in one line; empty if the server was not reached.
  std::string server_signing_key;
};

// Asks in the order in which things depend on each other, and stops where the rest cannot be known.
Diagnosis Diagnose(Session& session);

std::string NameOf(Finding::Verdict verdict);

}  // namespace kobling::client
