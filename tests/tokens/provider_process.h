// The identity providers of providers.mjs, in a process of their own.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace kobling::tests {

class ProviderProcess {
 public:
  // Starts them; their key sets will stand in `folder`, and what they print in providers.log there.
  explicit ProviderProcess(const std::filesystem::path& folder);
  // Closes the connection, which ends them, and makes sure that they ended.
  ~ProviderProcess();
  ProviderProcess(const ProviderProcess&) = delete;
  ProviderProcess& operator=(const ProviderProcess&) = delete;

  // The answer to a request. Fails the test, and answers with null, if there is none within half a minute or if it is
  // an error; what they printed is shown then.
  nlohmann::json Ask(const nlohmann::json& request);

 private:
  bool SendLine(const std::string& line) const;
  // Without the line break; empty if none came.
  std::string ReadLine();

  std::filesystem::path log_;
  int connection_ = -1;
  pid_t child_ = -1;
  std::string received_;  // beyond the last line
};

}  // namespace kobling::tests
