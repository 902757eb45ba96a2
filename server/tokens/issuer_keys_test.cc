#include "server/tokens/issuer_keys.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <thread>

#include "domain/error.h"
#include "server/tokens/token_bench_testing.h"

namespace kobling::server {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

class IssuerKeysTest : public testing::Test {
 protected:
  IssuerKeysTest() : path_(bench_.folder() / "issuer.json") { Write({"a"}); }

  nlohmann::json Named(const char* id) { return bench_.EcKey().PublicJwk(id); }
  // A file with the test's key under these names.
  void Write(std::initializer_list<const char*> ids) {
    nlohmann::json keys = nlohmann::json::array();
    for (const char* id : ids) {
      keys.push_back(Named(id));
    }
    WriteKeyFile(path_, keys);
  }
  void WriteText(std::string_view text) {
    std::ofstream(path_.string() + ".new", std::ios::binary) << text;
    std::filesystem::rename(path_.string() + ".new", path_);
  }

  absl::StatusOr<std::unique_ptr<IssuerKeys>> TryToOpen() {
    return IssuerKeys::Open({.issuer = "https://issuer.example",
                             .file = path_,
                             .max_life = std::chrono::minutes(10),
                             .steady_now = [this] { return SteadyTime(seconds(now_.load())); },
                             .listener =
                                 [this](const KeyFileNews& news) {
                                   if (on_news_) {
                                     on_news_();
                                   }
                                   const std::lock_guard lock(mutex_);
                                   news_.push_back(news);
                                 }});
  }
  std::unique_ptr<IssuerKeys> Open() {
    auto keys = TryToOpen();
    EXPECT_TRUE(keys.ok()) << keys.status();
    return *std::move(keys);
  }
  void Pass(seconds time) { now_ += time.count(); }
  std::size_t readings() const {
    const std::lock_guard lock(mutex_);
    return news_.size();
  }
  static bool IsTokenKeys(const absl::Status& status) { return domain::ReasonOf(status) == domain::Reason::kTokenKeys; }

  TokenBench bench_;
  std::filesystem::path path_;
  std::atomic<std::int64_t> now_ = 1000;
  std::function<void()> on_news_;
  mutable std::mutex mutex_;
  std::vector<KeyFileNews> news_;  // guarded by mutex_
};

TEST_F(IssuerKeysTest, FirstFileMustHaveAKey) {
  EXPECT_TRUE(TryToOpen().ok());
  WriteText("{\"keys\":[]}");
  EXPECT_TRUE(IsTokenKeys(TryToOpen().status()));
  std::filesystem::remove(path_);
  const absl::Status missing = TryToOpen().status();
  EXPECT_TRUE(IsTokenKeys(missing));
  EXPECT_NE(missing.message().find("issuer.json"), std::string_view::npos) << "the operator must know which file";
}

TEST_F(IssuerKeysTest, FileThatOthersMayWriteIsNotBelieved) {
  for (const mode_t mode : {mode_t{0664}, mode_t{0646}}) {
    chmod(path_.c_str(), mode);
    EXPECT_TRUE(IsTokenKeys(TryToOpen().status())) << std::oct << mode;
  }
  chmod(path_.c_str(), 0444);
  EXPECT_TRUE(TryToOpen().ok());
}

TEST_F(IssuerKeysTest, FileThatIsNoneOrTooLongIsNotRead) {
  std::filesystem::remove(path_);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const absl::Status pipe = TryToOpen().status();
  EXPECT_TRUE(IsTokenKeys(pipe)) << "and nobody waits for its writer";
  EXPECT_NE(pipe.message().find("no regular file"), std::string_view::npos);
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_TRUE(IsTokenKeys(TryToOpen().status()));
  std::filesystem::remove(path_);
  WriteText(nlohmann::json{{"keys", {Named("a")}}}.dump() + std::string(256 * 1024, ' '));
  EXPECT_TRUE(IsTokenKeys(TryToOpen().status()));
}

TEST_F(IssuerKeysTest, NewKeyIsUsedAsSoonAsItIsPublished) {
  const auto keys = Open();
  EXPECT_FALSE(keys->Find("b").has_value());
  Write({"a", "b"});
  EXPECT_TRUE(keys->Find("b").has_value());
  EXPECT_TRUE(keys->Find("a").has_value());
  EXPECT_EQ(readings(), 2U);
}

TEST_F(IssuerKeysTest, UnchangedFileIsReadOnceInAMinuteForUnknownNames) {
  const auto keys = Open();
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(keys->Find("b").has_value());
  }
  EXPECT_EQ(readings(), 1U);
  Pass(seconds(59));
  EXPECT_FALSE(keys->Find("b").has_value());
  EXPECT_EQ(readings(), 1U);
  Pass(seconds(1));
  EXPECT_FALSE(keys->Find("b").has_value());
  EXPECT_FALSE(keys->Find("c").has_value());
  EXPECT_EQ(readings(), 2U);
}

TEST_F(IssuerKeysTest, KnownNamesReadOnlyAFileThatChanged) {
  const auto keys = Open();
  Pass(seconds(3600));
  EXPECT_TRUE(keys->Find("a").has_value());
  EXPECT_EQ(readings(), 1U);
  Write({"a", "b"});
  EXPECT_TRUE(keys->Find("a").has_value());
  EXPECT_EQ(readings(), 1U) << "it was looked at just now";
  Pass(seconds(60));
  EXPECT_TRUE(keys->Find("a").has_value());
  EXPECT_EQ(readings(), 2U);
}

TEST_F(IssuerKeysTest, AbsentKeyIsUsedAsLongAsATokenCanLive) {
  const auto keys = Open();
  Write({"b"});
  EXPECT_TRUE(keys->Find("b").has_value());
  EXPECT_TRUE(keys->Find("a").has_value());
  Pass(seconds(300));
  Write({"b", "c"});
  EXPECT_TRUE(keys->Find("c").has_value());
  Pass(seconds(300));
  EXPECT_TRUE(keys->Find("a").has_value());
  Pass(seconds(1));
  EXPECT_FALSE(keys->Find("a").has_value()) << "counted from the first file without it";
  EXPECT_TRUE(keys->Find("b").has_value());
}

TEST_F(IssuerKeysTest, AbsentKeyThatComesBackStays) {
  const auto keys = Open();
  Write({"b"});
  EXPECT_TRUE(keys->Find("b").has_value());
  Write({"a", "b", "c"});
  EXPECT_TRUE(keys->Find("c").has_value());
  Pass(seconds(3600));
  EXPECT_TRUE(keys->Find("a").has_value());
}

TEST_F(IssuerKeysTest, DroppedKeyIsForgotten) {
  const auto keys = Open();
  Write({"b"});
  EXPECT_TRUE(keys->Find("b").has_value());
  Pass(seconds(601));
  Write({"b", "c"});
  EXPECT_TRUE(keys->Find("c").has_value());
  EXPECT_EQ(news_.back().usable, 2U);
}

TEST_F(IssuerKeysTest, NewestKeyUnderANameCounts) {
  const auto keys = Open();
  WriteKeyFile(path_, nlohmann::json::array({bench_.ClientKey().PublicJwk("a"), Named("b")}));
  EXPECT_TRUE(keys->Find("b").has_value());
  EXPECT_EQ(keys->Find("a")->key->thumbprint(), bench_.ClientKey().Thumbprint());
}

TEST_F(IssuerKeysTest, BrokenFileKeepsTheKeysAndIsTold) {
  const auto keys = Open();
  for (const char* text : {"", "{", "{\"keys\":[]}", "[]"}) {
    WriteText(text);
    EXPECT_FALSE(keys->Find("b").has_value()) << text;
    EXPECT_TRUE(keys->Find("a").has_value()) << text;
    EXPECT_TRUE(IsTokenKeys(news_.back().status)) << text;
    EXPECT_EQ(news_.back().usable, 1U);
  }
  const std::size_t before = readings();
  EXPECT_FALSE(keys->Find("b").has_value());
  EXPECT_EQ(readings(), before) << "it is not read again before it changes";
  std::filesystem::remove(path_);
  EXPECT_FALSE(keys->Find("b").has_value());
  EXPECT_TRUE(keys->Find("a").has_value());
  EXPECT_TRUE(IsTokenKeys(news_.back().status));
  EXPECT_EQ(readings(), before + 1);
  EXPECT_FALSE(keys->Find("b").has_value());
  EXPECT_EQ(readings(), before + 1);
  Write({"a", "b"});
  EXPECT_TRUE(keys->Find("b").has_value()) << "and a whole file mends it at once";
  EXPECT_TRUE(news_.back().status.ok());
}

TEST_F(IssuerKeysTest, BrokenFileDoesNotKeepADroppedKey) {
  const auto keys = Open();
  Write({"b"});
  EXPECT_TRUE(keys->Find("b").has_value());
  WriteText("{");
  EXPECT_FALSE(keys->Find("c").has_value());
  Pass(seconds(601));
  EXPECT_FALSE(keys->Find("a").has_value());
  EXPECT_TRUE(keys->Find("b").has_value());
}

TEST_F(IssuerKeysTest, ListenerHearsWhatIsIgnored) {
  WriteKeyFile(path_, nlohmann::json::array({Named("a"), {{"kty", "oct"}, {"kid", "s"}, {"k", "AQ"}}}));
  const auto keys = Open();
  ASSERT_EQ(readings(), 1U);
  EXPECT_EQ(news_[0].issuer, "https://issuer.example");
  EXPECT_EQ(news_[0].file, path_);
  EXPECT_TRUE(news_[0].status.ok());
  EXPECT_EQ(news_[0].usable, 1U);
  EXPECT_THAT(news_[0].ignored, ElementsAre("symmetric"));
  EXPECT_FALSE(keys->Find("s").has_value());
}

TEST_F(IssuerKeysTest, NobodyWithAKnownKeyWaitsForAReading) {
  const auto keys = Open();
  std::mutex mutex;
  std::condition_variable changed;
  bool is_reading = false;
  bool may_go_on = false;
  on_news_ = [&] {
    std::unique_lock lock(mutex);
    is_reading = true;
    changed.notify_all();
    changed.wait(lock, [&] { return may_go_on; });
  };
  Write({"a", "b"});
  std::jthread reader([&] { EXPECT_TRUE(keys->Find("b").has_value()); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return is_reading; });
  }
  // The reader is in the middle of it, and stays there until this thread has had its keys.
  Pass(seconds(60));
  EXPECT_TRUE(keys->Find("a").has_value());
  EXPECT_TRUE(keys->Find("b").has_value()) << "what was read is there before the log was told";
  const std::lock_guard lock(mutex);
  may_go_on = true;
  changed.notify_all();
}

TEST_F(IssuerKeysTest, WholeRolloverUnderLoadFindsEveryPublishedKey) {
  const auto keys = Open();
  std::atomic<int> published = 0;  // the file has "0" to this one, and "a"
  std::atomic<int> missed = 0;
  std::atomic<int> found = 0;
  std::vector<std::string> names = {"a"};
  for (int i = 0; i < 20; ++i) {
    names.push_back(std::to_string(i));
  }
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (published < 20) {
        ++(keys->Find(names[static_cast<std::size_t>(published)]) ? found : missed);
      }
    });
  }
  for (int i = 1; i <= 20; ++i) {
    nlohmann::json set = nlohmann::json::array({Named(names[static_cast<std::size_t>(i)].c_str())});
    WriteKeyFile(path_, set);
    const int before = found;
    published = i;
    while (i < 20 && found < before + 10 && missed == 0) {
      std::this_thread::yield();
    }
  }
  threads.clear();
  EXPECT_EQ(missed, 0);
  EXPECT_GT(found, 100);
}

}  // namespace
}  // namespace kobling::server
