#include "server/core/core.h"

#include <latch>
#include <set>
#include <thread>

#include "crypto/random.h"
#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using domain::Reason;

api::AddRegisterRequest AddRequest(const std::string& id) {
  api::AddRegisterRequest request;
  request.set_request_id(crypto::NewRequestId());
  request.mutable_register_()->set_id(id);
  request.mutable_register_()->set_name("Navn");
  request.mutable_register_()->set_controller("Eier");
  return request;
}

constexpr std::string_view kAdd = "RegisterService/AddRegister";

TEST(ChangeOnce, TheSameRequestGetsTheSameAnswerAndIsMadeOnce) {
  TestCore server;
  const api::AddRegisterRequest request = AddRequest("NPR");
  const auto first = server.registers().Add(server.Caseworker(kAdd), request);
  ASSERT_THAT(first, IsOk());
  server.clock().Advance(absl::Hours(48));
  const auto second = server.registers().Add(server.Caseworker(kAdd), request);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(server.Events().size(), 1U);
  server.Restart();
  EXPECT_EQ(server.registers().Add(server.Caseworker(kAdd), request)->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(server.Events().size(), 1U);
}

TEST(ChangeOnce, AnotherContentWithTheSameIdIsRefused) {
  TestCore server;
  api::AddRegisterRequest request = AddRequest("NPR");
  ASSERT_THAT(server.registers().Add(server.Caseworker(kAdd), request), IsOk());
  request.mutable_register_()->set_name("Et annet navn");
  const auto refused = server.registers().Add(server.Caseworker(kAdd), request);
  EXPECT_THAT(refused, RefusedWith(Reason::kRequestIdReused));
  EXPECT_EQ(DetailOf(refused.status(), "request_id"), request.request_id());
  // The same fields in another method are another request too.
  api::UpdateRegisterRequest update;
  update.set_request_id(request.request_id());
  *update.mutable_register_() = AddRequest("NPR").register_();
  EXPECT_THAT(server.registers().Update(server.Caseworker("RegisterService/UpdateRegister"), update),
              RefusedWith(Reason::kRequestIdReused));
}

TEST(ChangeOnce, AnIdBelongsToItsCaller) {
  TestCore server;
  api::AddRegisterRequest request = AddRequest("NPR");
  ASSERT_THAT(server.registers().Add(server.Caseworker(kAdd), request), IsOk());
  request.mutable_register_()->set_id("DAAR");
  EXPECT_THAT(server.registers().Add(server.By(Role::kCaseworker, "bente.sak", kAdd), request), IsOk());
}

TEST(ChangeOnce, ARefusedRequestIsNotRememberedAndMayBeSentAgain) {
  TestCore server;
  api::UpdateRegisterRequest update;
  update.set_request_id(crypto::NewRequestId());
  update.mutable_register_()->set_id("NPR");
  update.mutable_register_()->set_name("Nytt navn");
  const Call call = server.Caseworker("RegisterService/UpdateRegister");
  EXPECT_THAT(server.registers().Update(call, update), RefusedWith(Reason::kRegisterNotFound));
  EXPECT_TRUE(server.Events().empty());
  server.AddRegister("NPR");
  EXPECT_THAT(server.registers().Update(call, update), IsOk());
}

TEST(ChangeOnce, MalformedIdsAreRefused) {
  TestCore server;
  for (const std::string& id : {std::string(), std::string("1"), std::string(36, '0'),
                                std::string("2F1E6C1A-5F3B-4D09-9A41-0C4BE2D0A7F1"), crypto::NewRequestId() + " "}) {
    api::AddRegisterRequest request = AddRequest("NPR");
    request.set_request_id(id);
    EXPECT_THAT(server.registers().Add(server.Caseworker(kAdd), request), RefusedWith(Reason::kRequestIdMalformed))
        << id;
  }
}

TEST(ChangeOnce, RacingCallsWithOneIdMakeOneChange) {
  TestCore server;
  server.AddRegister("NPR");
  api::CreateProjectRequest request;
  request.set_request_id(crypto::NewRequestId());
  *request.mutable_project_case() = FullCase({Defining("NPR")});
  const std::size_t before = server.Events().size();
  constexpr int kThreads = 32;
  std::latch start(kThreads);
  std::mutex mutex;
  std::set<std::string> answers;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const Call call = server.Caseworker("ProjectService/CreateProject");
      start.arrive_and_wait();
      const auto answer = server.projects().Create(call, request);
      const std::lock_guard lock(mutex);
      ASSERT_THAT(answer, IsOk());
      answers.insert(answer->SerializeAsString());
    });
  }
  threads.clear();
  EXPECT_EQ(answers.size(), 1U);
  EXPECT_EQ(server.core().state.Read()->projects.size(), 1U);
  EXPECT_EQ(server.Events().size(), before + 1);
}

TEST(ChangeOnce, TheEventSaysWhoDidWhatWithWhichRequest) {
  TestCore server;
  const api::AddRegisterRequest request = AddRequest("NPR");
  ASSERT_THAT(server.registers().Add(server.Caseworker(kAdd), request), IsOk());
  const transparency::Event event = server.LastEvent();
  EXPECT_EQ(event.actor, "anna.sak");
  EXPECT_EQ(event.role, "caseworker");
  EXPECT_EQ(event.operation, "register.add");
  EXPECT_EQ(event.result, "OK");
  EXPECT_EQ(event.register_id, "NPR");
  EXPECT_EQ(event.request_id, request.request_id());
}

TEST(ServiceKeys, LoadRefusesAMissingAMovedAndAForeignKey) {
  TestCore server;
  const auto load = [&](std::uint8_t kek_byte) {
    const std::array<std::uint8_t, 32> bytes = [&] {
      std::array<std::uint8_t, 32> kek;
      for (std::size_t i = 0; i < kek.size(); ++i) {
        kek[i] = static_cast<std::uint8_t>(kek_byte + i);
      }
      return kek;
    }();
    return ServiceKeys::Load(server.store(),
                             crypto::KeyEncryptionKey(crypto::SecretKey::CopyOf(server.arena(), bytes).value()),
                             server.arena())
        .status();
  };
  EXPECT_THAT(load(1), IsOk());
  EXPECT_THAT(load(2), RefusedWith(Reason::kKeyUnusable));
  for (const std::string kind : {"index", "person", "identifiers", "sets", "digest", "subject", "signing"}) {
    const std::string key = kind + std::string("\0\0\0\0\0\1", 6);
    const auto own = server.store().Get(storage::Family::kKeys, key).value();
    ASSERT_TRUE(own.has_value()) << kind;
    const auto put = [&](const std::string& value) {
      storage::WriteBatch batch;
      batch.Put(storage::Family::kKeys, key, value);
      EXPECT_THAT(server.store().Commit(batch), IsOk());
    };
    const std::string other = kind == "index" ? "person" : "index";
    put(*server.store().Get(storage::Family::kKeys, other + std::string("\0\0\0\0\0\1", 6)).value());
    EXPECT_THAT(load(1), RefusedWith(Reason::kKeyUnusable)) << kind << " moved";
    storage::WriteBatch batch;
    batch.Delete(storage::Family::kKeys, key);
    EXPECT_THAT(server.store().Commit(batch), IsOk());
    EXPECT_THAT(load(1), RefusedWith(Reason::kKeyUnusable)) << kind << " missing";
    put(*own);
    EXPECT_THAT(load(1), IsOk());
  }
}

}  // namespace
}  // namespace kobling::server
