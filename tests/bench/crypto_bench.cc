// What the innermost steps cost on one core: one identifier, one person, one row. Read the "items" figures: items per
// second.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "crypto/derivations.h"
#include "crypto/hmac_sha256.h"
#include "crypto/key_wrap.h"
#include "crypto/merkle.h"
#include "crypto/sealed_box.h"
#include "crypto/secret_memory.h"
#include "domain/national_id_maker.h"

namespace kobling::crypto {
namespace {

constexpr std::size_t kBatch = 10'000;
constexpr std::size_t kBlockIdentifiers = 256;
constexpr std::size_t kBlockBytes = kBlockIdentifiers * domain::NationalId::kLength;

template <typename Value>
Value OrEnd(absl::StatusOr<Value> value) {
  if (!value.ok()) {
    std::cerr << value.status() << '\n';
    std::exit(1);
  }
  return std::move(value).value();
}

std::vector<domain::NationalId> Identifiers() {
  std::vector<domain::NationalId> identifiers;
  for (int number = 0; identifiers.size() < kBatch; ++number) {
    const auto identifier =
        domain::MakeValid({.month = 1, .two_digit_year = number / 1000 % 100, .individual = number % 1000});
    if (identifier.has_value()) {
      identifiers.push_back(*identifier);
    }
  }
  return identifiers;
}

void CountItems(benchmark::State& state, std::size_t per_iteration) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * per_iteration));
}

void MacOfShortMessage(benchmark::State& state) {
  const auto arena = OrEnd(SecretArena::Create(4096));
  const auto mac = OrEnd(HmacSha256::Create(*arena, OrEnd(SecretKey::Generate(*arena))));
  std::vector<std::uint8_t> message(static_cast<std::size_t>(state.range(0)), 'm');
  for (auto _ : state) {
    benchmark::DoNotOptimize(mac.Mac(message));
  }
  CountItems(state, 1);
}
BENCHMARK(MacOfShortMessage)->Arg(11)->Arg(28)->Arg(38)->Arg(55)->Arg(56)->Arg(100);

void TagsInBulk(benchmark::State& state) {
  const auto arena = OrEnd(SecretArena::Create(4096));
  const auto index = OrEnd(IdentityIndex::Create(*arena, OrEnd(SecretKey::Generate(*arena))));
  const auto identifiers = Identifiers();
  std::vector<Tag> tags(identifiers.size());
  for (auto _ : state) {
    index.TagsOf(identifiers, tags);
    benchmark::DoNotOptimize(tags.data());
  }
  CountItems(state, identifiers.size());
}
BENCHMARK(TagsInBulk);

void UidAndLopenummerInBulk(benchmark::State& state) {
  const auto arena = OrEnd(SecretArena::Create(4096));
  const auto pseudonymizer = OrEnd(PersonPseudonymizer::Create(*arena, OrEnd(SecretKey::Generate(*arena))));
  const auto linkage = OrEnd(LinkagePrf::Create(*arena, OrEnd(SecretKey::Generate(*arena))));
  const auto identifiers = Identifiers();
  std::vector<Uid> uids(identifiers.size());
  std::vector<domain::Lopenummer> lopenumre(identifiers.size(), domain::Lopenummer({}));
  for (auto _ : state) {
    pseudonymizer.UidsOf(identifiers, uids);
    linkage.LopenumreOf(uids, lopenumre);
    benchmark::DoNotOptimize(lopenumre.data());
  }
  CountItems(state, identifiers.size());
}
BENCHMARK(UidAndLopenummerInBulk);

// One block of 256 identifiers, as the directory stores them; the items are identifiers.
void SealIdentifierBlock(benchmark::State& state) {
  const auto arena = OrEnd(SecretArena::Create(4096));
  const RecordSealer sealer(OrEnd(SecretKey::Generate(*arena)));
  const std::string block(kBlockBytes, '1');
  for (auto _ : state) {
    benchmark::DoNotOptimize(sealer.Seal(block, {"block 00000001"}));
  }
  CountItems(state, kBlockIdentifiers);
}
BENCHMARK(SealIdentifierBlock);

void OpenIdentifierBlock(benchmark::State& state) {
  const auto arena = OrEnd(SecretArena::Create(4096));
  const RecordSealer sealer(OrEnd(SecretKey::Generate(*arena)));
  const std::string sealed = sealer.Seal(std::string(kBlockBytes, '1'), {"block 00000001"});
  for (auto _ : state) {
    benchmark::DoNotOptimize(sealer.Open(sealed, {"block 00000001"}));
  }
  CountItems(state, kBlockIdentifiers);
}
BENCHMARK(OpenIdentifierBlock);

void SealRecord(benchmark::State& state) {
  const auto arena = OrEnd(SecretArena::Create(4096));
  const RecordSealer sealer(OrEnd(SecretKey::Generate(*arena)));
  const std::string record(static_cast<std::size_t>(state.range(0)), 'r');
  for (auto _ : state) {
    benchmark::DoNotOptimize(sealer.Seal(record, {"set 00000001"}));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(SealRecord)->Arg(11)->Arg(1024)->Arg(8192);

void DigestOfStream(benchmark::State& state) {
  const auto arena = OrEnd(SecretArena::Create(4096));
  const auto digest = OrEnd(KeyedDigest::Create(*arena, OrEnd(SecretKey::Generate(*arena))));
  const std::vector<std::uint8_t> data(65'536, 'd');
  for (auto _ : state) {
    benchmark::DoNotOptimize(digest.Of("bench", data));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * data.size()));
}
BENCHMARK(DigestOfStream);

void UnwrapKey(benchmark::State& state) {
  const auto arena = OrEnd(SecretArena::Create(4096));
  const KeyEncryptionKey kek(OrEnd(SecretKey::Generate(*arena)));
  const SecretKey key = OrEnd(SecretKey::Generate(*arena));
  const KeyLabel label = {.kind = "project", .id = "P0041", .version = 1};
  const std::string wrapped = OrEnd(kek.Wrap(key, label));
  for (auto _ : state) {
    benchmark::DoNotOptimize(kek.Unwrap(wrapped, label, *arena));
  }
  CountItems(state, 1);
}
BENCHMARK(UnwrapKey);

void AppendLeaf(benchmark::State& state) {
  MerkleFrontier frontier;
  const std::vector<std::uint8_t> event(200, 'e');
  for (auto _ : state) {
    frontier.Append(LeafHash(event));
    benchmark::DoNotOptimize(frontier);
  }
  CountItems(state, 1);
}
BENCHMARK(AppendLeaf);

}  // namespace
}  // namespace kobling::crypto

BENCHMARK_MAIN();
