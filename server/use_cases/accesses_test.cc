#include "server/use_cases/accesses.h"

#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

class AccessesTest : public ::testing::Test {
 protected:
  // Persons 0 to 4 are in the directory, the others are not.
  AccessesTest() { server_.SubmitAll(project_, "NPR", People(0, 5)); }

  api::LookupResponse Lookup(api::LookupRequest request) {
    const auto response = server_.insight().Lookup(
        server_.By(Role::kInsightPortal, "helsenorge.innsyn", "InsightService/Lookup"), request);
    EXPECT_THAT(response, IsOk());
    return response.ok() ? *response : api::LookupResponse();
  }

  api::LookupResponse Lookup(const std::string& identifier, const std::string& purpose = "eget innsyn") {
    api::LookupRequest request;
    request.set_identifier(identifier);
    request.set_purpose(purpose);
    return Lookup(request);
  }

  std::uint32_t NumberOf(const std::string& person) {
    return FindPerson(server_.core(), *server_.rules().Parse(person).id).value().numbers.at(0);
  }

  // Two people, once the feed has told that they are one.
  FoundPerson Merged(const std::string& first, const std::string& second) {
    EXPECT_THAT(server_.Feed({TestCore::Event(api::IDENTITY_EVENT_KIND_MERGED, {first}, second)}), IsOk());
    return FindPerson(server_.core(), *server_.rules().Parse(second).id).value();
  }

  api::LookupResponse AccessesTo(const FoundPerson& person) {
    api::LookupResponse response;
    EXPECT_THAT(AddAccesses(server_.core(), person, response), IsOk());
    return response;
  }

  // Purposes of the accesses, which the tests tell them apart by.
  static std::vector<std::string> PurposesOf(const api::LookupResponse& response) {
    std::vector<std::string> purposes;
    for (const api::Access& access : response.accesses()) {
      purposes.push_back(access.purpose());
    }
    return purposes;
  }

  void Record(const FoundPerson& person, const std::string& purpose, const std::string& result = "OK") {
    transparency::Event event;
    event.actor = "folkeregisteret.feed";
    event.role = "identity-feed";
    event.operation = "identity.history";
    event.purpose = purpose;
    event.result = result;
    SetSubject(person, event);
    EXPECT_THAT(server_.core().committer.Record(event), IsOk());
  }

  TestCore server_;
  std::string project_ = server_.ActiveProject({Defining("NPR")});
};

using Purposes = std::vector<std::string>;

TEST_F(AccessesTest, ALookUpIsToldFromTheNextOneOn) {
  const absl::Time first = server_.clock().Now();
  api::LookupResponse response = Lookup(Person(0), "en");
  EXPECT_TRUE(response.accesses().empty()) << "it tells of itself";
  EXPECT_EQ(response.access_count(), 0U);
  server_.clock().Advance(absl::Hours(1));
  response = Lookup(Person(0), "to");
  ASSERT_EQ(response.accesses_size(), 1);
  EXPECT_EQ(response.access_count(), 1U);
  const api::Access& access = response.accesses(0);
  EXPECT_EQ(access.time().seconds(), absl::ToUnixSeconds(first));
  EXPECT_EQ(access.operation(), "insight.lookup");
  EXPECT_EQ(access.role(), "insight-portal");
  EXPECT_EQ(access.purpose(), "en");
  EXPECT_EQ(access.representation(), api::REPRESENTATION_KIND_UNSPECIFIED);
  EXPECT_EQ(PurposesOf(Lookup(Person(0), "tre")), (Purposes{"to", "en"}));
  EXPECT_TRUE(Lookup(Person(1)).accesses().empty()) << "another person";
}

TEST_F(AccessesTest, TheNewest200AreToldAndAllAreCounted) {
  for (int i = 0; i < 203; ++i) {
    Lookup(Person(0), "innsyn " + std::to_string(i));
  }
  const api::LookupResponse response = Lookup(Person(0));
  EXPECT_EQ(response.access_count(), 203U);
  ASSERT_EQ(response.accesses_size(), 200);
  EXPECT_EQ(response.accesses(0).purpose(), "innsyn 202");
  EXPECT_EQ(response.accesses(199).purpose(), "innsyn 3");
}

TEST_F(AccessesTest, TheRightToAskForSomebodyIsToldAndNobodysName) {
  const std::vector<api::RepresentationKind> kinds = {
      api::REPRESENTATION_KIND_GUARDIAN, api::REPRESENTATION_KIND_PARENT, api::REPRESENTATION_KIND_POWER_OF_ATTORNEY};
  for (const api::RepresentationKind kind : kinds) {
    api::LookupRequest request;
    request.set_identifier(Person(0));
    request.set_purpose("for en annen");
    request.mutable_representation()->set_kind(kind);
    request.mutable_representation()->set_representative(Person(1));
    request.mutable_representation()->set_reference("fullmakt 2026-77");
    Lookup(request);
  }
  const api::LookupResponse response = Lookup(Person(0));
  ASSERT_EQ(response.accesses_size(), 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(response.accesses(i).representation(), kinds[2 - static_cast<std::size_t>(i)]);
  }
  const std::string answer = response.SerializeAsString();
  EXPECT_EQ(answer.find("helsenorge.innsyn"), std::string::npos);
  EXPECT_EQ(answer.find("fullmakt 2026-77"), std::string::npos);
  EXPECT_EQ(answer.find(server_.ExpectedSubject(Person(1))), std::string::npos);
  EXPECT_TRUE(Lookup(Person(1)).accesses().empty()) << "to represent is not to be looked at";
}

TEST_F(AccessesTest, WhoeverBecomesKnownSeesTheEarlierLookUps) {
  Lookup(Person(7), "en");
  EXPECT_EQ(PurposesOf(Lookup(Person(7), "to")), Purposes{"en"}) << "nobody knows them yet";
  server_.SubmitAll(project_, "NPR", {Person(7)});
  const api::LookupResponse response = Lookup(Person(7));
  EXPECT_EQ(response.projects_size(), 1);
  EXPECT_EQ(PurposesOf(response), (Purposes{"to", "en"}));
}

TEST_F(AccessesTest, EveryLookAtThePersonCountsAndNoRefusal) {
  const FoundPerson person = FindPerson(server_.core(), *server_.rules().Parse(Person(0)).id).value();
  Record(person, "retting");
  Record(person, "avvist", "NOT_PERMITTED");
  const api::LookupResponse response = Lookup(Person(0));
  EXPECT_EQ(response.access_count(), 1U);
  ASSERT_EQ(response.accesses_size(), 1);
  EXPECT_EQ(response.accesses(0).operation(), "identity.history");
  EXPECT_EQ(response.accesses(0).role(), "identity-feed");
}

TEST_F(AccessesTest, APersonIsFoundUnderTheReferenceMadeFromEachIdentifier) {
  // The lower number stands for the person in events.
  std::string low = Person(3);
  std::string high = Person(0);
  if (NumberOf(low) > NumberOf(high)) {
    std::swap(low, high);
  }
  const std::vector<std::uint32_t> numbers = {NumberOf(low), NumberOf(high)};
  const FoundPerson person = Merged(Person(3), Person(0));
  EXPECT_EQ(person.numbers, numbers);
  EXPECT_EQ(person.subject, server_.ExpectedSubject(low));
  EXPECT_EQ(person.references, (std::vector<std::string>{server_.ExpectedSubject(low), server_.ExpectedSubject(high)}));
  transparency::Event event;
  SetSubject(person, event);
  EXPECT_EQ(event.subject, server_.ExpectedSubject(low));
  EXPECT_EQ(event.other_subjects, std::vector<std::string>{server_.ExpectedSubject(high)});
}

TEST_F(AccessesTest, AfterAMergeThePersonSeesWhatConcernedEitherOnce) {
  Lookup(Person(0), "den ene");
  Lookup(Person(1), "den andre");
  const FoundPerson merged = Merged(Person(0), Person(1));
  Record(merged, "begge");
  EXPECT_EQ(PurposesOf(AccessesTo(merged)), (Purposes{"begge", "den andre", "den ene"}));
  EXPECT_EQ(AccessesTo(merged).access_count(), 3U);
}

TEST_F(AccessesTest, AfterASplitEachSeesWhatConcernedBoth) {
  Record(Merged(Person(0), Person(1)), "begge");
  ASSERT_THAT(server_.Feed({TestCore::Event(api::IDENTITY_EVENT_KIND_SPLIT, {Person(1)}, Person(0))}), IsOk());
  Lookup(Person(1), "den andre");
  EXPECT_EQ(PurposesOf(Lookup(Person(0))), Purposes{"begge"});
  EXPECT_EQ(PurposesOf(Lookup(Person(1))), (Purposes{"den andre", "begge"}));
}

TEST_F(AccessesTest, LookUpsFromBeforeTheIndexAreToldAfterTheNextStart) {
  Lookup(Person(0), "en");
  Lookup(Person(50), "ukjent");
  storage::WriteBatch batch;
  batch.DeleteRange(storage::Family::kSubjects, storage::KeyRange::All());
  batch.Delete(storage::Family::kMeta, "events/subjects");
  ASSERT_THAT(server_.store().Commit(batch), IsOk());
  server_.Restart();
  EXPECT_EQ(PurposesOf(Lookup(Person(0))), Purposes{"en"});
  EXPECT_EQ(PurposesOf(Lookup(Person(50))), Purposes{"ukjent"});
}

TEST_F(AccessesTest, NoIdentifierAndNoUidStandsInTheIndex) {
  Record(Merged(Person(0), Person(1)), "begge");
  Lookup(Person(50));
  const auto rows = server_.store().Scan(storage::Family::kSubjects, storage::KeyRange::All()).value();
  std::size_t count = 0;
  for (; rows->Valid(); rows->Next(), ++count) {
    const std::string subject(rows->key().substr(0, 16));
    EXPECT_TRUE(subject == server_.ExpectedSubject(Person(0)) || subject == server_.ExpectedSubject(Person(1)) ||
                subject == server_.ExpectedSubject(Person(50)));
    EXPECT_EQ(rows->value(), "");
  }
  EXPECT_EQ(count, 3U);
}

}  // namespace
}  // namespace kobling::server
