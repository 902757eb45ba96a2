// For tests: a hardware security module in software (SoftHSM), with a token of its own in a temporary folder.
#pragma once

#include <string>
#include <vector>

#include "crypto/age_test_support.h"
#include "crypto/pkcs11_session.h"

namespace kobling::crypto {

// A token with the label "kobling-test" and no keys. One at a time: SoftHSM learns from the environment where it is.
class SoftHsmToken {
 public:
  SoftHsmToken();
  ~SoftHsmToken();
  SoftHsmToken(const SoftHsmToken&) = delete;
  SoftHsmToken& operator=(const SoftHsmToken&) = delete;

  // Makes a key as an operator does, with pkcs11-tool: type such as "AES:32", further options such as "--sensitive".
  void MakeKey(const std::string& label, const std::string& type, const std::vector<std::string>& options);

  // Takes the 32 bytes of a file for a key that is sensitive and not extractable from then on.
  void ImportKey(const std::string& label, const std::string& file);

  // With the right PIN in a file. The module is SoftHSM.
  HsmKeyLocation Location(const std::string& key_label) const;

  // The same by way of crypto/hsm_testing_module.cc, which then behaves as SoftHSM does not: "final-try" or
  // "own-nonce".
  HsmKeyLocation OddLocation(const std::string& key_label, const std::string& oddity) const;

  // A further token of this label.
  void InitToken(const std::string& label);

 private:
  TemporaryFolder folder_;
};

}  // namespace kobling::crypto
