#include "crypto/pkcs11_session.h"

#include <dlfcn.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "crypto/random.h"
#include "crypto/secret_file.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "p11-kit/pkcs11.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::size_t kLongestPin = 255;
constexpr std::size_t kTagBits = 128;
// CKR_AEAD_DECRYPT_FAILED of PKCS #11 version 3.0, which the header does not have.
constexpr CK_RV kAeadDecryptFailed = 0x42;

absl::Status Unavailable(std::string_view hint) {
  return MakeError(Reason::kHsmUnavailable, {{DetailKey::kHint, hint}});
}

// What a function of the module answered, as PKCS #11 numbers its answers.
absl::Status Answered(std::string_view function, CK_RV answer) {
  return Unavailable(absl::StrFormat("%s answered 0x%x", function, answer));
}

// The module writes to none of what it is given to read, although its functions' types do not say so.
CK_BYTE_PTR ForReading(std::span<const std::uint8_t> bytes) { return const_cast<CK_BYTE_PTR>(bytes.data()); }
CK_BYTE_PTR ForReading(std::string_view text) {
  return const_cast<CK_BYTE_PTR>(reinterpret_cast<const CK_BYTE*>(text.data()));
}

// What modules answer when an authenticator is wrong; the last two by those that have no name for it, as SoftHSM.
bool IsRefusal(CK_RV answer_to_decrypt) {
  constexpr CK_RV kRefusals[] = {CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE, kAeadDecryptFailed,
                                 CKR_FUNCTION_FAILED, CKR_GENERAL_ERROR};
  return std::ranges::find(kRefusals, answer_to_decrypt) != std::end(kRefusals);
}

// Labels of tokens are filled up with spaces.
bool HasLabel(const CK_TOKEN_INFO& token, std::string_view label) {
  std::string_view padded(reinterpret_cast<const char*>(token.label), sizeof(token.label));
  padded.remove_suffix(padded.size() - (padded.find_last_not_of(' ') + 1));
  return padded == label;
}

// Unloaded again by nobody: modules with threads or exit handlers of their own do not bear it.
CK_FUNCTION_LIST_PTR LoadModule(const std::string& path) {
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    return nullptr;
  }
  const auto get_functions = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST_PTR functions = nullptr;
  if (get_functions != nullptr && get_functions(&functions) != CKR_OK) {
    functions = nullptr;
  }
  ::dlclose(library);
  return functions;
}

}  // namespace

// The module, initialised, and a session with it; given back in the order in which they were had.
class Pkcs11Session::Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (session_.has_value()) {
      // Also logs the user out, if no other session of this process is open.
      functions_->C_CloseSession(*session_);
    }
    if (is_initialised_) {
      functions_->C_Finalize(nullptr);
    }
  }

  absl::Status Initialise(const std::string& module) {
    functions_ = LoadModule(module);
    if (functions_ == nullptr) {
      return Unavailable("the module cannot be loaded");
    }
    CK_C_INITIALIZE_ARGS arguments = {};
    arguments.flags = CKF_OS_LOCKING_OK;
    const CK_RV answer = functions_->C_Initialize(&arguments);
    is_initialised_ = answer == CKR_OK;
    return is_initialised_ || answer == CKR_CRYPTOKI_ALREADY_INITIALIZED ? absl::OkStatus()
                                                                         : Answered("C_Initialize", answer);
  }

  absl::Status OpenSession(std::string_view token) {
    KOBLING_ASSIGN_OR_RETURN(const CK_SLOT_ID slot, FindSlot(token));
    CK_SESSION_HANDLE session = 0;
    if (const CK_RV answer = functions_->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session);
        answer != CKR_OK) {
      return Answered("C_OpenSession", answer);
    }
    session_ = session;
    return absl::OkStatus();
  }

  absl::Status LogIn(const std::string& pin_file, SecretArena& arena) {
    KOBLING_ASSIGN_OR_RETURN(SecretBuffer buffer, SecretBuffer::Allocate(arena, kLongestPin + 2));
    const std::span<std::uint8_t> bytes = buffer.bytes(SecretAccess());
    KOBLING_ASSIGN_OR_RETURN(std::size_t size, ReadSecretFile(pin_file, SecretFileRule::kOwnFile, bytes));
    while (size > 0 && (bytes[size - 1] == '\n' || bytes[size - 1] == '\r')) {
      --size;
    }
    if (size == 0 || size > kLongestPin) {
      return MakeError(Reason::kHsmUnavailable,
                       {{DetailKey::kFile, pin_file}, {DetailKey::kHint, "the file does not hold a PIN"}});
    }
    const CK_RV answer = functions_->C_Login(*session_, CKU_USER, bytes.data(), size);
    if (answer == CKR_PIN_INCORRECT || answer == CKR_PIN_LEN_RANGE || answer == CKR_PIN_INVALID) {
      return Unavailable("the PIN is wrong");
    }
    return answer == CKR_OK || answer == CKR_USER_ALREADY_LOGGED_IN ? absl::OkStatus() : Answered("C_Login", answer);
  }

  absl::Status FindKey(std::string_view label) {
    CK_OBJECT_CLASS kind = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &kind, sizeof(kind)},
                             {CKA_KEY_TYPE, &type, sizeof(type)},
                             {CKA_LABEL, ForReading(label), label.size()}};
    if (const CK_RV answer = functions_->C_FindObjectsInit(*session_, wanted, std::size(wanted)); answer != CKR_OK) {
      return Answered("C_FindObjectsInit", answer);
    }
    std::array<CK_OBJECT_HANDLE, 2> found = {};
    CK_ULONG count = 0;
    const CK_RV answer = functions_->C_FindObjects(*session_, found.data(), found.size(), &count);
    functions_->C_FindObjectsFinal(*session_);
    if (answer != CKR_OK) {
      return Answered("C_FindObjects", answer);
    }
    if (count != 1) {
      return Unavailable(count == 0 ? "the token has no AES key of this label"
                                    : "the token has several AES keys of this label");
    }
    key_ = found.front();
    return CheckKey();
  }

  const CK_FUNCTION_LIST& functions() const { return *functions_; }
  CK_SESSION_HANDLE session() const { return *session_; }
  CK_OBJECT_HANDLE key() const { return key_; }

 private:
  absl::StatusOr<CK_SLOT_ID> FindSlot(std::string_view label) const {
    CK_ULONG count = 0;
    CK_RV answer = functions_->C_GetSlotList(CK_TRUE, nullptr, &count);
    std::vector<CK_SLOT_ID> slots(answer == CKR_OK ? count : 0);
    if (answer == CKR_OK) {
      answer = functions_->C_GetSlotList(CK_TRUE, slots.data(), &count);
    }
    if (answer != CKR_OK) {
      return Answered("C_GetSlotList", answer);
    }
    slots.resize(std::min<std::size_t>(slots.size(), count));
    std::optional<CK_SLOT_ID> found;
    for (const CK_SLOT_ID slot : slots) {
      CK_TOKEN_INFO token = {};
      if (functions_->C_GetTokenInfo(slot, &token) != CKR_OK || !HasLabel(token, label)) {
        continue;
      }
      if (found.has_value()) {
        return Unavailable("several tokens have this label");
      }
      if ((token.flags & (CKF_USER_PIN_LOCKED | CKF_USER_PIN_FINAL_TRY)) != 0) {
        return Unavailable("the PIN is locked, or the next wrong one locks it: log in with the HSM's own program");
      }
      found = slot;
    }
    if (!found.has_value()) {
      return Unavailable("no token has this label");
    }
    return *found;
  }

  template <typename Value>
  std::optional<Value> Attribute(CK_ATTRIBUTE_TYPE type) const {
    Value value = {};
    CK_ATTRIBUTE attribute = {type, &value, sizeof(value)};
    const CK_RV answer = functions_->C_GetAttributeValue(*session_, key_, &attribute, 1);
    return answer == CKR_OK && attribute.ulValueLen == sizeof(value) ? std::optional(value) : std::nullopt;
  }

  absl::Status CheckKey() const {
    if (Attribute<CK_ULONG>(CKA_VALUE_LEN) != CK_ULONG{SecretKey::kBytes}) {
      return Unavailable("the key is not of 256 bits");
    }
    if (Attribute<CK_BBOOL>(CKA_EXTRACTABLE) != CK_BBOOL{CK_FALSE} ||
        Attribute<CK_BBOOL>(CKA_SENSITIVE) != CK_BBOOL{CK_TRUE}) {
      return Unavailable("the key could leave the HSM: it must be sensitive and not extractable");
    }
    return absl::OkStatus();
  }

  CK_FUNCTION_LIST_PTR functions_ = nullptr;
  bool is_initialised_ = false;  // by us, who then also finalise it
  std::optional<CK_SESSION_HANDLE> session_;
  CK_OBJECT_HANDLE key_ = 0;
};

Pkcs11Session::Pkcs11Session(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Pkcs11Session::Pkcs11Session(Pkcs11Session&&) noexcept = default;
Pkcs11Session::~Pkcs11Session() = default;

absl::StatusOr<Pkcs11Session> Pkcs11Session::Open(const HsmKeyLocation& location, SecretArena& arena) {
  auto connection = std::make_unique<Connection>();
  KOBLING_RETURN_IF_ERROR(connection->Initialise(location.module));
  KOBLING_RETURN_IF_ERROR(connection->OpenSession(location.token));
  KOBLING_RETURN_IF_ERROR(connection->LogIn(location.pin_file, arena));
  KOBLING_RETURN_IF_ERROR(connection->FindKey(location.key));
  return Pkcs11Session(std::move(connection));
}

absl::StatusOr<SealedByHsm> Pkcs11Session::Seal(std::span<const std::uint8_t, SecretKey::kBytes> key,
                                                std::string_view associated_data) const {
  const CK_FUNCTION_LIST& functions = connection_->functions();
  SealedByHsm result = {};
  FillRandom(result.nonce);
  CK_GCM_PARAMS parameters = {result.nonce.data(),         result.nonce.size(),    8 * result.nonce.size(),
                              ForReading(associated_data), associated_data.size(), kTagBits};
  CK_MECHANISM mechanism = {CKM_AES_GCM, &parameters, sizeof(parameters)};
  if (const CK_RV answer = functions.C_EncryptInit(connection_->session(), &mechanism, connection_->key());
      answer != CKR_OK) {
    return Answered("C_EncryptInit", answer);
  }
  CK_ULONG size = result.sealed.size();
  if (const CK_RV answer =
          functions.C_Encrypt(connection_->session(), ForReading(key), key.size(), result.sealed.data(), &size);
      answer != CKR_OK) {
    return Answered("C_Encrypt", answer);
  }
  if (size != result.sealed.size()) {
    return Unavailable("C_Encrypt gave too few bytes");
  }
  return result;
}

absl::StatusOr<SecretKey> Pkcs11Session::Unseal(const SealedByHsm& sealed, std::string_view associated_data,
                                                SecretArena& arena) const {
  const CK_FUNCTION_LIST& functions = connection_->functions();
  CK_GCM_PARAMS parameters = {ForReading(sealed.nonce),    sealed.nonce.size(),    8 * sealed.nonce.size(),
                              ForReading(associated_data), associated_data.size(), kTagBits};
  CK_MECHANISM mechanism = {CKM_AES_GCM, &parameters, sizeof(parameters)};
  if (const CK_RV answer = functions.C_DecryptInit(connection_->session(), &mechanism, connection_->key());
      answer != CKR_OK) {
    return Answered("C_DecryptInit", answer);
  }
  // Some modules want room for the authenticator too.
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer buffer, SecretBuffer::Allocate(arena, SealedByHsm::kSealedBytes));
  const std::span<std::uint8_t> bytes = buffer.bytes(SecretAccess());
  CK_ULONG size = bytes.size();
  const CK_RV answer =
      functions.C_Decrypt(connection_->session(), ForReading(sealed.sealed), sealed.sealed.size(), bytes.data(), &size);
  if (IsRefusal(answer) || (answer == CKR_OK && size != SecretKey::kBytes)) {
    return MakeError(Reason::kKeyUnusable, {{DetailKey::kHint, "altered, or sealed by another key of the HSM"}});
  }
  if (answer != CKR_OK) {
    return Answered("C_Decrypt", answer);
  }
  return SecretKey::CopyOf(arena, bytes.first<SecretKey::kBytes>());
}

}  // namespace kobling::crypto
