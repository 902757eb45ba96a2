// Three issuers, a verifier that trusts them, and calls that it accepts; a test changes one thing of a call.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/tokens/token_maker_testing.h"
#include "server/tokens/token_verifier.h"

namespace kobling::server {

// One thing after another: what a call brings, before it is written down.
struct CallDraft {
  SignedDraft token;
  std::string scheme;
  std::optional<SignedDraft> proof;
  std::string path = "/kobling.v1.ProjectService/GetProject";
  std::optional<std::string> authorization;  // the whole header in place of scheme and token

  // The proof's `ath` is filled in where it is null.
  std::string Authorization() const;
  std::optional<std::string> Proof(std::string_view access_token) const;
};

class TokenBench {
 public:
  static constexpr std::string_view kServiceUrl = "https://kobling.example.org";
  static constexpr std::string_view kHelseId = "https://helseid.example.org";
  static constexpr std::string_view kMaskinporten = "https://maskinporten.example.org/";
  static constexpr std::string_view kIdPorten = "https://idporten.example.org";
  static constexpr std::string_view kAudience = "urn:kobling";
  static constexpr std::string_view kOrganisation = "310000000";
  static constexpr std::string_view kOtherOrganisation = "311000004";

  TokenBench();
  ~TokenBench();
  TokenBench(const TokenBench&) = delete;
  TokenBench& operator=(const TokenBench&) = delete;

  // The configuration of the three issuers; their key files are in the bench's folder.
  TokenVerifierConfig config() const;
  // A verifier with this configuration, in place of the one that there was.
  void Use(const TokenVerifierConfig& config);

  // Calls that are accepted at now(): PS256 and ES256, RS256, ES256.
  CallDraft HelseIdCall() const;
  CallDraft MaskinportenCall() const;
  CallDraft IdPortenCall() const;

  absl::StatusOr<VerifiedToken> Verify(const CallDraft& call);
  // "" if the call is accepted, else the name of the check that failed; the reason's name if it was no such refusal.
  std::string CheckThatFails(const CallDraft& call);

  TokenVerifier& verifier() { return *verifier_; }
  absl::Time now() const { return now_; }
  std::int64_t seconds() const { return absl::ToUnixSeconds(now_); }
  void Pass(std::chrono::seconds time);
  const std::filesystem::path& folder() const { return folder_; }

  // Keys that take long to make are made once. The first two are in HelseID's file, as "h-rsa" and "h-ec".
  static const TestKey& RsaKey();
  static const TestKey& EcKey();
  static const TestKey& ClientKey();
  static const TestKey& StrangersKey();

  // A synthetic person's identifier.
  static std::string Person();

 private:
  std::filesystem::path folder_;
  absl::Time now_;
  std::chrono::steady_clock::time_point steady_now_;
  std::unique_ptr<TokenVerifier> verifier_;
};

// Writes a set of keys as another process would: under another name, then renamed.
void WriteKeyFile(const std::filesystem::path& path, const nlohmann::json& keys);

}  // namespace kobling::server
