// `kobling testdata`: invented people in three invented registers, to try the whole path with.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "client/files/atomic_file.h"

namespace kobling::client {

struct TestDataOptions {
  std::uint64_t persons = 200'000;  // in the population; 1 to 10,000,000
  std::string folder;               // exists
  std::uint64_t seed = 1;
  Overwrite overwrite = Overwrite::kRefuse;
};

// Writes, the same bytes for the same persons and seed:
//
//   npr_population.csv  `fnr;mor_fnr`, LF: the population as NPR submits it, with 0.5 % rows twice and 1 % bad rows of
//   ten kinds npr_extract.csv     `npr_key;fnr;avdeling;kode`, LF, Windows-1252: one or two stays of everybody in the
//   population kreft_extract.csv   `"kreft_key","fnr","funn"`, CR LF, everything quoted, commas, quotes and line breaks
//   inside: one in ten of
//                       the population, and people outside it
//   mfr_extract.csv     mfr_key, fnr, mor_fnr, sykehus; tabs, UTF-8 with a byte order mark: three in ten, with their
//   mothers expected.json       what a correct run must count: rows, good, bad by reason and by kind, duplicates,
//   persons, and for each
//                       extract its rows and those of people in the population
//   truth.csv           `npr_key;kreft_key;mfr_key;mor_npr_key`: rows of different registers that are about the same
//   person, and
//                       the first stay of that person's mother. Only a trial has it: a linkage on løpenummer must find
//                       the same.
//
// Identifiers are synthetic (month + 80) but for the bad rows, where officially published examples stand too. Errors as
// AtomicFile; FIELD_MALFORMED for the number of persons.
absl::Status GenerateTestData(const TestDataOptions& options);

}  // namespace kobling::client
