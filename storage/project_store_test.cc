#include "storage/project_store.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "domain/error.h"
#include "storage/memory_key_value_store.h"
#include "storage/stores_testing.h"

namespace kobling::storage {
namespace {

using domain::Reason;
using domain::ReasonOf;
using google::protobuf::util::MessageDifferencer;

template <typename Record>
Record Row(const std::string& project, const std::string& register_id, std::uint32_t number) {
  Record record;
  record.set_project_id(project);
  record.set_register_id(register_id);
  record.set_number(number);
  return record;
}

records::UsageRecord Usage(const std::string& project, const std::string& register_id, std::uint32_t sequence) {
  records::UsageRecord record;
  record.set_project_id(project);
  record.set_register_id(register_id);
  record.set_sequence(sequence);
  return record;
}

records::ProjectRecord Project(const std::string& id) {
  records::ProjectRecord project;
  project.set_id(id);
  project.mutable_project_case()->set_title("Om " + id);
  return project;
}

template <typename... Records>
void Put(KeyValueStore& store, const Records&... rows) {
  WriteBatch batch;
  (ProjectStore::Put(rows, batch), ...);
  ASSERT_TRUE(store.Commit(batch).ok());
}

TEST(ProjectStore, EveryRowComesBackInItsProjectByRegisterAndNumber) {
  MemoryKeyValueStore store;
  Put(store, Row<records::SubmissionRecord>("P0001", "NPR", 2), Project("P0001"), Project("P00012"),
      Row<records::SubmissionRecord>("P0001", "NPR", 300), Row<records::SubmissionRecord>("P0001", "NPR", 1),
      Row<records::SubmissionRecord>("P0001", "DAAR", 9), Row<records::MatchRecord>("P0001", "NPR", 1),
      Row<records::KeyFileRecord>("P0001", "NPR", 256), Row<records::KeyFileRecord>("P0001", "NPR", 255),
      Usage("P0001", "NPR", 1), Usage("P00012", "NPR", 1), Row<records::KeyFileRecord>("P0001", "NP", 7));
  const auto projects = ProjectStore::Load(store).value();
  ASSERT_EQ(projects.size(), 2U);
  const ProjectRows& one = projects.at("P0001");
  EXPECT_TRUE(MessageDifferencer::Equals(one.project, Project("P0001")));
  ASSERT_EQ(one.submissions.size(), 4U);
  EXPECT_EQ(one.submissions[0].register_id(), "DAAR");
  EXPECT_EQ(one.submissions[1].number(), 1U);
  EXPECT_EQ(one.submissions[2].number(), 2U);
  EXPECT_EQ(one.submissions[3].number(), 300U);
  EXPECT_EQ(one.matches.size(), 1U);
  ASSERT_EQ(one.key_files.size(), 3U);
  EXPECT_EQ(one.key_files[0].register_id(), "NP");
  EXPECT_EQ(one.key_files[1].number(), 255U);
  EXPECT_EQ(one.key_files[2].number(), 256U);
  EXPECT_EQ(one.usage.size(), 1U);
  EXPECT_EQ(projects.at("P00012").usage.size(), 1U);
  EXPECT_TRUE(projects.at("P00012").submissions.empty());
}

TEST(ProjectStore, ARowTakesThePlaceOfTheOneWithItsKey) {
  MemoryKeyValueStore store;
  auto submission = Row<records::SubmissionRecord>("P0001", "NPR", 1);
  Put(store, Project("P0001"), submission);
  submission.set_withdrawn(true);
  Put(store, submission);
  const auto projects = ProjectStore::Load(store).value();
  ASSERT_EQ(projects.at("P0001").submissions.size(), 1U);
  EXPECT_TRUE(projects.at("P0001").submissions[0].withdrawn());
}

TEST(ProjectStore, ARowWithoutItsProjectIsRefused) {
  MemoryKeyValueStore store;
  Put(store, Project("P0001"), Row<records::MatchRecord>("P0002", "NPR", 1));
  EXPECT_EQ(ReasonOf(ProjectStore::Load(store).status()), Reason::kRecordCorrupt);
}

TEST(ProjectStore, RowsThatCannotBeReadAreRefused) {
  for (const auto& [key, value] :
       {std::pair(std::string("P0001"), std::string()), std::pair(std::string("P0001\0", 6), std::string()),
        std::pair(std::string("P0001\0z", 7), std::string()),
        std::pair(std::string("P0001\0sNPR\0\0\0\0\1", 14), std::string("\xff"))}) {
    MemoryKeyValueStore store;
    Put(store, Project("P0001"));
    ASSERT_TRUE(ProjectStore::Load(store).ok());
    PutRow(store, Family::kProjects, key, value);
    EXPECT_EQ(ReasonOf(ProjectStore::Load(store).status()), Reason::kRecordCorrupt);
  }
}

// docs/formats/stored-rows.md gives these keys.
TEST(ProjectStore, KeysAreAsTheDocumentSays) {
  MemoryKeyValueStore store;
  Put(store, Project("P0001"), Row<records::SubmissionRecord>("P0001", "NPR", 258),
      Row<records::MatchRecord>("P0001", "NPR", 1), Row<records::KeyFileRecord>("P0001", "NPR", 1),
      Usage("P0001", "NPR", 1));
  std::vector<std::string> keys;
  for (const auto& [key, value] : RowsOf(store, Family::kProjects)) {
    keys.push_back(key);
  }
  EXPECT_EQ(keys, (std::vector<std::string>{std::string("P0001\0a", 7), std::string("P0001\0kNPR\0\0\0\0\1", 15),
                                            std::string("P0001\0mNPR\0\0\0\0\1", 15),
                                            std::string("P0001\0sNPR\0\0\0\1\2", 15),
                                            std::string("P0001\0uNPR\0\0\0\0\1", 15)}));
}

TEST(RegisterStore, RegistersComeBack) {
  MemoryKeyValueStore store;
  records::RegisterRecord npr;
  npr.set_id("NPR");
  npr.set_name("Norsk pasientregister");
  npr.add_keys()->set_number(1);
  WriteBatch batch;
  RegisterStore::Put(npr, batch);
  ASSERT_TRUE(store.Commit(batch).ok());
  const auto all = RegisterStore::Load(store).value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(MessageDifferencer::Equals(all.at("NPR"), npr));
  PutRow(store, Family::kRegisters, "NPR", "\xff");
  EXPECT_EQ(ReasonOf(RegisterStore::Load(store).status()), Reason::kRecordCorrupt);
}

TEST(ReservationStore, VersionsComeBackInOrderAndAMissingOneIsNoticed) {
  MemoryKeyValueStore store;
  const auto put = [&](const std::string& register_id, std::uint32_t version) {
    records::ReservationListRecord record;
    record.set_register_id(register_id);
    record.set_version(version);
    WriteBatch batch;
    ReservationStore::Put(record, batch);
    ASSERT_TRUE(store.Commit(batch).ok());
  };
  for (const std::uint32_t version : {2U, 1U, 300U}) {
    put("", version);
  }
  put("NPR", 1);
  EXPECT_EQ(ReasonOf(ReservationStore::Load(store).status()), Reason::kRecordCorrupt);
  for (std::uint32_t version = 3; version < 300; ++version) {
    put("", version);
  }
  const auto lists = ReservationStore::Load(store).value();
  ASSERT_EQ(lists.size(), 2U);
  EXPECT_EQ(lists.at("").size(), 300U);
  EXPECT_EQ(lists.at("").back().version(), 300U);
  EXPECT_EQ(lists.at("NPR").front().register_id(), "NPR");
  EXPECT_EQ(RowsOf(store, Family::kReservations).begin()->first, std::string("\0\0\0\0\1", 5));
}

TEST(CallerStore, CallersComeBack) {
  MemoryKeyValueStore store;
  records::CallerRecord record;
  record.set_roles(5);
  WriteBatch batch;
  CallerStore::Put("kari.berg", record, batch);
  ASSERT_TRUE(store.Commit(batch).ok());
  EXPECT_EQ(CallerStore::Load(store).value().at("kari.berg").roles(), 5U);
}

TEST(RequestLedger, AnswersBelongToTheirCallerAndRequest) {
  MemoryKeyValueStore store;
  records::LedgerRecord record;
  record.set_response("answer");
  WriteBatch batch;
  RequestLedger::Put("ola", "id-1", record, batch);
  ASSERT_TRUE(store.Commit(batch).ok());
  EXPECT_EQ(RequestLedger::Get(store, "ola", "id-1").value()->response(), "answer");
  EXPECT_FALSE(RequestLedger::Get(store, "ola", "id-2").value().has_value());
  EXPECT_FALSE(RequestLedger::Get(store, "kari", "id-1").value().has_value());
  EXPECT_FALSE(RequestLedger::Get(store, "ol", "a\0id-1").value().has_value());
  PutRow(store, Family::kLedger, std::string("ola\0id-1", 8), "\xff");
  EXPECT_EQ(ReasonOf(RequestLedger::Get(store, "ola", "id-1").status()), Reason::kRecordCorrupt);
}

TEST(KeyStore, KeysAreKeptByKindIdAndVersion) {
  MemoryKeyValueStore store;
  WriteBatch batch;
  KeyStore::Put("project", "P0001", 1, "one", batch);
  KeyStore::Put("project", "P0001", 2, "two", batch);
  KeyStore::Put("person", "", 1, "three", batch);
  ASSERT_TRUE(store.Commit(batch).ok());
  EXPECT_EQ(KeyStore::Get(store, "project", "P0001", 1).value(), "one");
  EXPECT_EQ(KeyStore::Get(store, "project", "P0001", 2).value(), "two");
  EXPECT_EQ(KeyStore::Get(store, "person", "", 1).value(), "three");
  EXPECT_EQ(ReasonOf(KeyStore::Get(store, "project", "P0002", 1).status()), Reason::kKeyUnusable);
  EXPECT_EQ(ReasonOf(KeyStore::Get(store, "person", "P0001", 1).status()), Reason::kKeyUnusable);
  EXPECT_EQ(RowsOf(store, Family::kKeys).at(0).first, std::string("person\0\0\0\0\0\1", 12));
  WriteBatch removal;
  KeyStore::Delete("project", "P0001", 1, removal);
  ASSERT_TRUE(store.Commit(removal).ok());
  EXPECT_EQ(ReasonOf(KeyStore::Get(store, "project", "P0001", 1).status()), Reason::kKeyUnusable);
  EXPECT_EQ(KeyStore::Get(store, "project", "P0001", 2).value(), "two");
}

}  // namespace
}  // namespace kobling::storage
