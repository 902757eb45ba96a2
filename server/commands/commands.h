// One function for each command, called with what was read from the command line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/commands/koblingd.h"

namespace kobling::server {

struct InitRequest {
  std::filesystem::path folder;
  std::string environment;
  std::string listen;
  std::string controller;
  std::string trust_domain;
  std::vector<std::string> hosts;  // names and addresses that a trial's server certificate is for, besides this machine
};

// Makes a new installation in a folder that is empty or not there, and says what to do next.
absl::Status Init(const InitRequest& request, const CommandContext& context);

struct IssueRequest {
  std::filesystem::path config;
  std::string role;
  std::string id;
  std::filesystem::path out;
  int days;
};

// Makes a caller's certificate by the trial's authority: ID.pem, ID.key and ca.pem in the folder `out`.
absl::Status IssueCertificate(const IssueRequest& request, const CommandContext& context);

// Prints every check with its result.
absl::Status CheckConfiguration(const std::filesystem::path& config, const CommandContext& context);

struct ServeRequest {
  std::filesystem::path config;
  std::optional<std::filesystem::path> ready_file;  // gets the address in use as soon as callers can connect
};

// Serves until SIGTERM or SIGINT.
absl::Status Serve(const ServeRequest& request, const CommandContext& context);

// Where a trial keeps its certificate authority.
std::filesystem::path AuthorityFolder(const std::filesystem::path& config);

}  // namespace kobling::server
