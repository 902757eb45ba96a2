#include "server/use_cases/registers.h"

#include "crypto/random.h"
#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using domain::Reason;

class RegistersTest : public ::testing::Test {
 protected:
  RegistersTest() { server_.AddRegister("NPR"); }

  absl::StatusOr<api::Register> Add(const api::Register& wanted) {
    api::AddRegisterRequest request;
    request.set_request_id(crypto::NewRequestId());
    *request.mutable_register_() = wanted;
    return server_.registers().Add(server_.Caseworker("RegisterService/AddRegister"), request);
  }

  static api::Register Wanted(const std::string& id) {
    api::Register wanted;
    wanted.set_id(id);
    wanted.set_name("Dødsårsaksregisteret");
    wanted.set_controller("Folkehelseinstituttet");
    return wanted;
  }

  absl::StatusOr<api::RecipientKey> SubmitKey(const std::string& register_id, const std::string& recipient) {
    api::SubmitRecipientKeyRequest request;
    request.set_request_id(crypto::NewRequestId());
    request.set_recipient(recipient);
    return server_.registers().SubmitKey(server_.Register(register_id, "RegisterService/SubmitRecipientKey"), request);
  }

  absl::StatusOr<api::RecipientKey> Approve(std::uint32_t number, const std::string& fingerprint) {
    api::ApproveRecipientKeyRequest request;
    request.set_request_id(crypto::NewRequestId());
    request.set_register_id("NPR");
    request.set_number(number);
    request.set_fingerprint(fingerprint);
    return server_.registers().ApproveKey(server_.Officer("RegisterService/ApproveRecipientKey"), request);
  }

  absl::StatusOr<api::RecipientKey> Revoke(std::uint32_t number, const std::string& reason) {
    api::RevokeRecipientKeyRequest request;
    request.set_request_id(crypto::NewRequestId());
    request.set_register_id("NPR");
    request.set_number(number);
    request.set_reason(reason);
    return server_.registers().RevokeKey(server_.Officer("RegisterService/RevokeRecipientKey"), request);
  }

  std::string NewRecipient() { return crypto::AgeIdentity::Generate(server_.arena())->recipient().text(); }

  absl::StatusOr<records::RecipientKeyRecord> Usable(std::string_view today) {
    return UsableRecipientKey(*server_.core().state.Read(), "NPR", today);
  }

  TestCore server_;
};

TEST_F(RegistersTest, ARegisterIsAddedOnceAndSurvivesARestart) {
  const auto added = Add(Wanted("DAAR"));
  ASSERT_THAT(added, IsOk());
  EXPECT_EQ(added->created().actor(), "anna.sak");
  EXPECT_THAT(Add(Wanted("DAAR")), RefusedWith(Reason::kRegisterExists));
  server_.Restart();
  api::GetRegisterRequest get;
  get.set_register_id("DAAR");
  const auto found = server_.registers().Get(server_.Caseworker("RegisterService/GetRegister"), get);
  EXPECT_EQ(found->SerializeAsString(), added->SerializeAsString());
  const auto list = server_.registers().List(server_.Caseworker("RegisterService/ListRegisters"), {});
  ASSERT_EQ(list->registers_size(), 2);
  EXPECT_EQ(list->registers(0).id(), "DAAR");
}

TEST_F(RegistersTest, WhatIsMissingOrMalformedIsNamed) {
  api::Register wanted = Wanted("DAAR");
  wanted.clear_name();
  EXPECT_THAT(Add(wanted), RefusedWith(Reason::kFieldMissing));
  wanted = Wanted("DAAR");
  wanted.clear_controller();
  EXPECT_EQ(DetailOf(Add(wanted).status(), "field"), "controller");
  for (const char* id : {"", "n", "npr", "1NPR", "NPR ", "ABCDEFGHIJKLMNOPQRSTU"}) {
    EXPECT_THAT(Add(Wanted(id)), RefusedWith(Reason::kFieldMalformed)) << id;
  }
  wanted = Wanted("DAAR");
  wanted.set_contact("ring " + Person(1));
  EXPECT_THAT(Add(wanted), RefusedWith(Reason::kFieldMalformed));
  wanted = Wanted("DAAR");
  wanted.set_inclusion_date("22.11.2026");
  EXPECT_THAT(Add(wanted), RefusedWith(Reason::kFieldMalformed));
  EXPECT_EQ(server_.Events().size(), 1U) << "only the register of the set-up";
}

TEST_F(RegistersTest, AnUpdateReplacesOnlyWhatIsSetAndTheEventSaysWhat) {
  api::UpdateRegisterRequest request;
  request.set_request_id(crypto::NewRequestId());
  request.mutable_register_()->set_id("NPR");
  request.mutable_register_()->set_name("Norsk pasientregister");
  const auto updated = server_.registers().Update(server_.Caseworker("RegisterService/UpdateRegister"), request);
  ASSERT_THAT(updated, IsOk());
  EXPECT_EQ(updated->name(), "Norsk pasientregister");
  EXPECT_EQ(updated->controller(), "Eier av NPR");
  const std::vector<transparency::EventChange> expected = {{"name", "Register NPR", "Norsk pasientregister"}};
  EXPECT_EQ(server_.LastEvent().changes, expected);
}

TEST_F(RegistersTest, AKeyCanBeUsedOnlyAfterItsFingerprintWasCompared) {
  const std::string recipient = NewRecipient();
  const auto key = SubmitKey("NPR", recipient);
  ASSERT_THAT(key, IsOk());
  EXPECT_EQ(key->state(), api::RECIPIENT_KEY_STATE_SUBMITTED);
  EXPECT_EQ(key->fingerprint(), crypto::AgeRecipient::Parse(recipient)->Fingerprint());
  EXPECT_THAT(Usable("2026-11-22"), RefusedWith(Reason::kRecipientKeyMissing));
  EXPECT_THAT(Approve(1, ""), RefusedWith(Reason::kFingerprintMismatch));
  EXPECT_THAT(Approve(1, crypto::AgeRecipient::Parse(NewRecipient())->Fingerprint()),
              RefusedWith(Reason::kFingerprintMismatch));
  EXPECT_THAT(Approve(2, key->fingerprint()), RefusedWith(Reason::kRecipientKeyNotFound));
  EXPECT_THAT(Usable("2026-11-22"), RefusedWith(Reason::kRecipientKeyMissing));
  const auto approved = Approve(1, key->fingerprint());
  ASSERT_THAT(approved, IsOk());
  EXPECT_EQ(approved->approved().actor(), "olav.key");
  EXPECT_EQ(Usable("2026-11-22")->recipient(), recipient);
  EXPECT_THAT(Approve(1, key->fingerprint()), RefusedWith(Reason::kRecipientKeyState)) << "approved twice";
}

TEST_F(RegistersTest, AnApprovedKeyReplacesTheOneBefore) {
  const api::RecipientKey first = server_.EnrolKey("NPR");
  const api::RecipientKey second = server_.EnrolKey("NPR");
  EXPECT_EQ(second.number(), 2U);
  EXPECT_EQ(Usable("2026-11-22")->number(), 2U);
  const auto keys = server_.registers().ListKeys(server_.Register("NPR", "RegisterService/ListRecipientKeys"), {});
  ASSERT_EQ(keys->keys_size(), 2);
  EXPECT_EQ(keys->keys(0).number(), 2U) << "newest first";
  EXPECT_EQ(keys->keys(1).state(), api::RECIPIENT_KEY_STATE_REPLACED);
  EXPECT_THAT(Approve(1, first.fingerprint()), RefusedWith(Reason::kRecipientKeyState)) << "an old key comes back";
}

TEST_F(RegistersTest, ARevokedKeyIsNotUsedAndAReasonIsNeeded) {
  server_.EnrolKey("NPR");
  EXPECT_THAT(Revoke(1, ""), RefusedWith(Reason::kFieldMissing));
  EXPECT_THAT(Usable("2026-11-22"), IsOk());
  EXPECT_THAT(Revoke(1, "tapt maskin"), IsOk());
  EXPECT_THAT(Usable("2026-11-22"), RefusedWith(Reason::kRecipientKeyMissing));
  EXPECT_THAT(Revoke(1, "igjen"), RefusedWith(Reason::kRecipientKeyState));
  EXPECT_EQ(server_.LastEvent().reason, "tapt maskin");
}

TEST_F(RegistersTest, AKeyExpiresOnItsDay) {
  const api::RecipientKey key = server_.EnrolKey("NPR");
  EXPECT_EQ(key.expiry_date(), "2028-11-21");  // 730 days from 2026-11-22
  EXPECT_THAT(Usable("2028-11-20"), IsOk());
  EXPECT_THAT(Usable("2028-11-21"), RefusedWith(Reason::kRecipientKeyExpired));
}

TEST_F(RegistersTest, TheSameKeyIsNotTakenTwiceAndNonsenseNever) {
  const std::string recipient = NewRecipient();
  ASSERT_THAT(SubmitKey("NPR", recipient), IsOk());
  EXPECT_THAT(SubmitKey("NPR", recipient), RefusedWith(Reason::kRecipientKeyState));
  EXPECT_THAT(SubmitKey("NPR", "age1nonsense"), RefusedWith(Reason::kRecipientKeyMalformed));
  EXPECT_THAT(SubmitKey("NPR", ""), RefusedWith(Reason::kRecipientKeyMalformed));
}

TEST_F(RegistersTest, ARegisterSeesItsOwnKeysOnly) {
  server_.AddRegister("DAAR");
  server_.EnrolKey("NPR");
  server_.EnrolKey("DAAR");
  api::ListRecipientKeysRequest request;
  const Call call = server_.Register("NPR", "RegisterService/ListRecipientKeys");
  const auto own = server_.registers().ListKeys(call, request);
  ASSERT_THAT(own, IsOk());
  ASSERT_EQ(own->keys_size(), 1);
  request.set_register_id("DAAR");
  EXPECT_THAT(server_.registers().ListKeys(call, request), RefusedWith(Reason::kNotPermitted));
  EXPECT_EQ(own->keys(0).register_id(), "NPR");
  const auto all = server_.registers().ListKeys(server_.Officer("RegisterService/ListRecipientKeys"), {});
  EXPECT_EQ(all->keys_size(), 2);
}

}  // namespace
}  // namespace kobling::server
