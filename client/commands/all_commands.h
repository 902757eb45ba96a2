// Every file in this folder declares the commands of one noun.
#pragma once

#include "client/commands/command.h"

namespace kobling::client {

void AddRegisterCommands(CommandTree& tree);
void AddRecipientKeyCommands(CommandTree& tree);
// The project group, with the caseworker's commands, and then the key officer's.
CLI::App& AddProjectCommands(CommandTree& tree);
void AddProjectChangeCommands(CommandTree& tree, CLI::App& project);
void AddProjectKeyCommands(CommandTree& tree, CLI::App& project);
void AddPopulationCommands(CommandTree& tree);
// The key file group, with the key officer's commands, and then the register's.
CLI::App& AddKeyFileCommands(CommandTree& tree);
void AddKeyFileRegisterCommands(CommandTree& tree, CLI::App& key_file);
void AddUsageCommands(CommandTree& tree);
void AddReservationCommands(CommandTree& tree);
void AddSeriesCommands(CommandTree& tree);
void AddIdentityCommands(CommandTree& tree);
void AddCorrectionCommands(CommandTree& tree);
void AddInsightCommands(CommandTree& tree);
// The audit group, with the commands that list events, and then the reports and the check of everything.
CLI::App& AddAuditCommands(CommandTree& tree);
void AddAuditReportCommands(CommandTree& tree, CLI::App& audit);
// What can be checked of the published log: in the audit group, and a key file's receipt.
void AddLogCommands(CommandTree& tree, CLI::App& audit);
void AddReceiptCommand(CommandTree& tree, CLI::App& key_file);
void AddOperatorCommands(CommandTree& tree);
void AddScrubCommand(CommandTree& tree, CLI::App& audit);
void AddPublishCommand(CommandTree& tree, CLI::App& project);
// Commands that work on files only: apply, testdata, lopenummer.
void AddFileCommands(CommandTree& tree);
// config, profile, doctor.
void AddProfileCommands(CommandTree& tree);
// help, completion, and the hidden one that writes docs/commands.md.
void AddDocumentationCommands(CommandTree& tree);

}  // namespace kobling::client
