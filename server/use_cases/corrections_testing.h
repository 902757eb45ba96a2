// What the tests of corrections begin with: projects of one register, people who merge and split, and the two officers.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/core/core_testing.h"
#include "server/use_cases/corrections.h"

namespace kobling::server {

class CorrectionsTest : public ::testing::Test {
 protected:
  void Merge(std::size_t stays, std::size_t goes, const std::string& date = "2026-11-10") {
    ASSERT_THAT(server_.Feed({TestCore::Event(api::IDENTITY_EVENT_KIND_MERGED, {Person(stays)}, Person(goes), date)}),
                IsOk());
  }
  void Split(std::size_t separated, std::size_t from, const std::string& date = "2026-11-15") {
    ASSERT_THAT(
        server_.Feed({TestCore::Event(api::IDENTITY_EVENT_KIND_SPLIT, {Person(separated)}, Person(from), date)}),
        IsOk());
  }
  std::string Project(const std::vector<std::size_t>& people) {
    std::string project = server_.ActiveProject({Defining("NPR")});
    SubmitMore(project, people);
    return project;
  }
  void SubmitMore(const std::string& project, const std::vector<std::size_t>& people) {
    std::vector<std::string> identifiers;
    for (const std::size_t person : people) {
      identifiers.push_back(Person(person));
    }
    server_.SubmitAll(project, "NPR", identifiers);
    server_.Complete(project, "NPR");
  }
  OpenKeyFile Issue(const std::string& project, std::uint32_t since = 0) {
    return server_.FetchAndOpen(project, "NPR", server_.Issue(project, "NPR", since).number());
  }
  std::map<std::string, std::string> Map(const OpenKeyFile& file) { return {file.rows.begin(), file.rows.end()}; }
  api::ListCorrectionsResponse List(const std::string& project = {}) {
    api::ListCorrectionsRequest request;
    request.set_project_id(project);
    return server_.corrections().List(server_.Officer("CorrectionService/ListCorrections"), request).value();
  }
  absl::StatusOr<api::Correction> Propose(const std::string& project) {
    return server_.corrections().Propose(server_.Officer("CorrectionService/ProposeCorrection"),
                                         About<api::ProposeCorrectionRequest>(project));
  }
  absl::StatusOr<api::Correction> Confirm(const std::string& project, std::uint32_t number,
                                          const std::string& officer = "nina.nokkel") {
    auto request = About<api::ConfirmCorrectionRequest>(project);
    request.set_number(number);
    return server_.corrections().Confirm(server_.By(Role::kKeyOfficer, officer, "CorrectionService/ConfirmCorrection"),
                                         request);
  }
  void ExpectAllReproduced(const std::string& project) {
    api::ListKeyFilesRequest list;
    list.set_project_id(project);
    const auto all = server_.key_files().List(server_.Officer("KeyFileService/ListKeyFiles"), list).value();
    for (const api::KeyFile& key_file : all.key_files()) {
      api::ReproduceKeyFileRequest request;
      request.set_project_id(project);
      request.set_register_id(key_file.register_id());
      request.set_number(key_file.number());
      request.set_purpose("prøve");
      const auto reproduced =
          server_.key_files().Reproduce(server_.Officer("KeyFileService/ReproduceKeyFile"), request);
      ASSERT_THAT(reproduced, IsOk());
      EXPECT_TRUE(reproduced->equal()) << key_file.register_id() << ' ' << key_file.number();
    }
  }

  TestCore server_;
};

}  // namespace kobling::server
