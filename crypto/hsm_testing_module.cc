// A PKCS #11 module for tests: SoftHSM, but for one thing that other modules do. The environment says which:
// KOBLING_ODD_HSM is "final-try" (the next wrong PIN locks the token) or "own-nonce" (the module, and not its caller,
// chooses the nonce of AES-GCM).
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "p11-kit/pkcs11.h"

namespace {

const CK_FUNCTION_LIST* SoftHsm() {
  static const CK_FUNCTION_LIST* const functions = [] {
    CK_FUNCTION_LIST_PTR list = nullptr;
    void* const library = ::dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
    const auto get =
        library == nullptr ? nullptr : reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
    if (get == nullptr || get(&list) != CKR_OK) {
      std::abort();
    }
    return list;
  }();
  return functions;
}

bool IsOdd(std::string_view how) {
  const char* const oddity = std::getenv("KOBLING_ODD_HSM");
  return oddity != nullptr && how == oddity;
}

CK_RV GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  const CK_RV answer = SoftHsm()->C_GetTokenInfo(slot, info);
  if (answer == CKR_OK && IsOdd("final-try")) {
    info->flags |= CKF_USER_PIN_FINAL_TRY;
  }
  return answer;
}

CK_RV EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  if (mechanism->mechanism == CKM_AES_GCM && IsOdd("own-nonce")) {
    const auto* parameters = static_cast<CK_GCM_PARAMS*>(mechanism->pParameter);
    std::memset(parameters->pIv, 0x77, parameters->ulIvLen);
  }
  return SoftHsm()->C_EncryptInit(session, mechanism, key);
}

}  // namespace

extern "C" CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR functions) {
  static CK_FUNCTION_LIST list = [] {
    CK_FUNCTION_LIST copy = *SoftHsm();
    copy.C_GetTokenInfo = &GetTokenInfo;
    copy.C_EncryptInit = &EncryptInit;
    return copy;
  }();
  *functions = &list;
  return CKR_OK;
}
