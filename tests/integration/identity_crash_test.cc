// A feed of identity events whose server is killed again and again: whoever asks how far it came and goes on from there
// makes the map that a feed without a break makes.
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <semaphore>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/fetch.h"
#include "client/files/key_file_rows.h"
#include "crypto/random.h"
#include "server/runtime/testing.h"
#include "tests/conformance/test_length.h"
#include "tests/integration/identifiers.h"
#include "tests/integration/trial_server.h"
#include "tests/integration/trial_steps.h"

namespace kobling::tests {
namespace {

constexpr std::size_t kPeople = 1500;
constexpr std::size_t kEvents = 6000;

using Events = std::vector<api::IdentityEvent>;
// Identifiers that share a løpenummer. The løpenumre themselves are others in each installation.
using Persons = std::set<std::set<std::string>>;

// Births first, then whatever may happen between neighbours.
Events RandomEvents(const std::vector<std::string>& people, std::mt19937_64& random) {
  Events events;
  for (std::size_t i = 0; i < kEvents; ++i) {
    api::IdentityEvent event;
    event.set_sequence(i + 1);
    const std::size_t person = i < people.size() ? i : random() % people.size();
    event.add_identifiers(people[person]);
    event.set_kind(api::IDENTITY_EVENT_KIND_CREATED);
    if (i >= people.size()) {
      constexpr api::IdentityEventKind kKinds[] = {
          api::IDENTITY_EVENT_KIND_ADDED,     api::IDENTITY_EVENT_KIND_REPLACED, api::IDENTITY_EVENT_KIND_MERGED,
          api::IDENTITY_EVENT_KIND_MERGED,    api::IDENTITY_EVENT_KIND_SPLIT,    api::IDENTITY_EVENT_KIND_SPLIT,
          api::IDENTITY_EVENT_KIND_PROTECTED, api::IDENTITY_EVENT_KIND_ANNULLED, api::IDENTITY_EVENT_KIND_RESTORED};
      event.set_kind(kKinds[random() % std::size(kKinds)]);
      if (event.kind() <= api::IDENTITY_EVENT_KIND_SPLIT) {
        event.set_other(people[(person + 1 + random() % 3) % people.size()]);
        event.set_effective_date("2026-01-02");
      }
    }
    events.push_back(event);
  }
  return events;
}

// Events from a place on, in batches of a few, told of one by one.
class Source final : public client::IdentityEventSource {
 public:
  Source(const Events& events, std::size_t begin, std::size_t batch_events, std::counting_semaphore<>* sent = nullptr)
      : events_(events), at_(begin), batch_events_(batch_events), sent_(sent) {}

  bool Next(api::IdentityEventBatch& batch) override {
    batch.Clear();
    for (std::size_t end = std::min(events_.size(), at_ + batch_events_); at_ < end; ++at_) {
      *batch.add_events() = events_[at_];
    }
    if (sent_ != nullptr) {
      sent_->release();
    }
    return !batch.events().empty();
  }

 private:
  const Events& events_;
  std::size_t at_;
  const std::size_t batch_events_;
  std::counting_semaphore<>* const sent_;
};

class KeptRows final : public client::KeyFileRows {
 public:
  absl::Status Begin(const crypto::KeyFileComment&) override { return absl::OkStatus(); }
  absl::Status Take(const client::KeyFileRow& row) override {
    const std::string text(row.text);
    persons_[text.substr(12)].insert(text.substr(0, 11));
    return absl::OkStatus();
  }
  Persons persons() const {
    Persons all;
    for (const auto& [lopenummer, identifiers] : persons_) {
      all.insert(identifiers);
    }
    return all;
  }

 private:
  std::map<std::string, std::set<std::string>> persons_;
};

// Who is who, as the API tells it.
struct Told {
  std::string status;
  std::vector<std::string> histories;
  Persons persons;
};

Told Ask(TrialInstallation& trial, const std::string& address, const std::vector<std::string>& people) {
  Told told;
  const auto feed = Connect(address, trial.CertificateOf(kFeed));
  auto status = feed->GetIdentityStatus({});
  EXPECT_TRUE(status.ok()) << status.status();
  status->clear_last_applied();
  told.status = status->ShortDebugString();
  for (std::size_t i = 0; i < people.size(); i += 37) {
    api::GetIdentityHistoryRequest request;
    request.set_identifier(people[i]);
    request.set_purpose("prøve");
    auto history = feed->GetIdentityHistory(request);
    EXPECT_TRUE(history.ok()) << history.status();
    for (api::AppliedIdentityEvent& event : *history->mutable_events()) {
      event.clear_applied();
    }
    // Beside the current one they stand in the order in which the server came to know them, which follows its own keys.
    std::sort(history->mutable_identifiers()->begin() + 1, history->mutable_identifiers()->end());
    told.histories.push_back(history->ShortDebugString());
  }

  const auto caseworker = Connect(address, trial.CertificateOf(kCaseworker));
  const auto key_officer = Connect(address, trial.CertificateOf(kKeyOfficer));
  AddRegister(*caseworker, "NPR");
  const std::string project =
      MakeActiveProject(*caseworker, *key_officer, MakeCase({MakeSource("NPR", api::SCOPE_OWN)}, people.size()));
  const auto npr = Connect(address, trial.CertificateOf(RegisterCaller("NPR")));
  const auto arena = *crypto::SecretArena::Create(std::size_t{1} << 16);
  const auto identity = crypto::AgeIdentity::Generate(*arena);
  EnrolKey(*npr, *key_officer, "NPR", identity->recipient());
  EXPECT_TRUE(Submit(*npr, crypto::NewRequestId(), project, people).ok());
  EXPECT_TRUE(Complete(*npr, project).ok());
  const auto issued = Issue(*key_officer, project, "NPR");
  EXPECT_TRUE(issued.ok()) << issued.status();
  const auto signing_key =
      crypto::MinisignPublicKey::Parse(server::ReadText(trial.folder() / "public" / "kobling.pub"));
  const server::TemporaryFolder folder;
  std::ostringstream nowhere;
  client::Progress progress(nowhere, client::Progress::Show::kNo, client::Progress::Unit::kRows, trial.clock());
  const auto fetched = client::FetchKeyFile(
      *npr, *issued, {.folder = folder.path(), .signing_key = *signing_key, .retry = {}}, progress);
  EXPECT_TRUE(fetched.ok()) << fetched.status();
  KeptRows rows;
  EXPECT_TRUE(client::OpenKeyFile({.path = fetched->path,
                                   .signature_path = fetched->signature_path,
                                   .public_key = *signing_key,
                                   .identity = *identity,
                                   .arena = *arena},
                                  rows)
                  .ok());
  told.persons = rows.persons();
  return told;
}

TEST(IdentityCrash, AFeedThatGoesOnAfterKillsMakesTheMapOfOneWithout) {
  std::uint64_t seed = std::random_device()();
  if (const char* given = std::getenv("KOBLING_TEST_SEED"); given != nullptr) {
    seed = std::strtoull(given, nullptr, 10);
  }
  std::cout << "KOBLING_TEST_SEED=" << seed << '\n';
  std::mt19937_64 random(seed);
  const std::vector<std::string> people = Identifiers(seed).Next(kPeople);
  const Events events = RandomEvents(people, random);
  const std::size_t kills = LongTests() ? 200 : 12;

  TrialInstallation trial;
  const server::TemporaryFolder logs;
  const auto start = [&](const TrialInstallation& installation) {
    return ServerProcess::Start(KOBLINGD, installation, logs.path() / "log");
  };
  std::uint64_t acknowledged = 0;
  std::size_t killed_on_the_way = 0;
  for (std::size_t round = 0; round <= kills; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    auto server = start(trial);
    ASSERT_TRUE(server.ok()) << server.status() << server::ReadText(logs.path() / "log");
    const auto feed = Connect((*server)->address(), trial.CertificateOf(kFeed));
    const auto status = feed->GetIdentityStatus({});
    ASSERT_TRUE(status.ok()) << status.status();
    ASSERT_GE(status->version(), acknowledged) << "what was said to be applied is gone";
    ASSERT_EQ(status->next_sequence(), status->version() + 1);
    std::counting_semaphore<> sent(0);
    // The last round is not disturbed. The others send so few at a time that all of them have something to cut.
    const bool is_last = round == kills;
    Source source(events, status->version(), is_last ? 1000 : 1 + random() % (kEvents / kills / 4 + 1), &sent);
    client::IdentityStreamEnd end;
    {
      const std::jthread sender([&] { end = feed->ImportEvents({}, source); });
      if (!is_last) {
        for (std::size_t batches = 1 + random() % 6; batches > 0; --batches) {
          if (!sent.try_acquire_for(kLongest)) {
            ADD_FAILURE() << "the stream hangs";
            break;
          }
        }
        // The moment of the kill is meant to be arbitrary.
        std::mutex mutex;
        std::condition_variable never;
        std::unique_lock lock(mutex);
        never.wait_for(lock, std::chrono::microseconds(random() % 5'000), [] { return false; });
        (*server)->Kill();
      }
    }
    acknowledged = std::max<std::uint64_t>(acknowledged, end.last.applied_through());
    killed_on_the_way += end.status.ok() ? 0 : 1;
    if (is_last) {
      ASSERT_TRUE(end.status.ok()) << end.status;
      EXPECT_EQ(acknowledged, kEvents);
      EXPECT_EQ((*server)->Terminate(), 0);
    }
  }
  EXPECT_GE(killed_on_the_way, 3U) << "hardly any kill cut a stream";

  TrialInstallation undisturbed;
  std::vector<Told> told;
  for (TrialInstallation* const installation : {&trial, &undisturbed}) {
    auto server = start(*installation);
    ASSERT_TRUE(server.ok()) << server.status() << server::ReadText(logs.path() / "log");
    if (installation == &undisturbed) {
      Source source(events, 0, 1000);
      const auto feed = Connect((*server)->address(), installation->CertificateOf(kFeed));
      const client::IdentityStreamEnd end = feed->ImportEvents({}, source);
      ASSERT_TRUE(end.status.ok()) << end.status;
    }
    told.push_back(Ask(*installation, (*server)->address(), people));
    ASSERT_FALSE(testing::Test::HasFailure());
  }
  EXPECT_EQ(told[0].status, told[1].status);
  EXPECT_EQ(told[0].histories, told[1].histories);
  EXPECT_TRUE(told[0].persons == told[1].persons);
  EXPECT_LT(told[0].persons.size(), kPeople - 100) << "hardly anybody has several identifiers";
}

}  // namespace
}  // namespace kobling::tests
