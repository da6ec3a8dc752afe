/* A camera in C: send one frame, again while it is worth it, and print the answer.
 *
 *   cc -Wall -Wextra -O2 -o camera camera.c -lcurl
 *   IPC_API_KEY=... ./camera "$API" frame.jpg gate-1
 *
 * libcurl verifies the server's certificate and name, and sends SNI. IPC_CA_FILE names a file of roots where the system
 * has none. Exit codes: 0 answered, 1 refused or given up, 2 called the wrong way.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ATTEMPTS 6
#define LONGEST_WAIT 60
#define MOST_BYTES (4500 * 1000) /* of an image; API Gateway hands it over in base64 */

static char *frame;
static long length;

static int read_frame(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    frame = malloc(MOST_BYTES + 1);
    length = frame ? (long)fread(frame, 1, MOST_BYTES + 1, file) : 0;
    fclose(file);
    return length > 0 && length <= MOST_BYTES;
}

/* A key of this frame, the same for each attempt: the service stores the frame once. */
static int make_key(char key[64]) {
    unsigned char random[16];
    FILE *source = fopen("/dev/urandom", "rb");
    size_t got = source ? fread(random, 1, sizeof random, source) : 0;
    if (source) fclose(source);
    int end = sprintf(key, "Idempotency-Key: ");
    for (size_t i = 0; i < got; i++) end += sprintf(key + end, "%02x", random[i]);
    srand(random[0] | random[1] << 8 | random[2] << 16);
    return got == sizeof random;
}

static int is_worth_a_retry(CURLcode sent, long status) {
    if (sent != CURLE_OK) return sent != CURLE_PEER_FAILED_VERIFICATION && sent != CURLE_SSL_CACERT_BADFILE;
    return status == 409 || status == 429 || status >= 500; /* any other 4xx would be refused again */
}

/* At least as long as the service asks, and a random time more, so that cameras do not all return at once. */
static void wait_before(int attempt, long asked) {
    long most = 1L << (attempt < 6 ? attempt : 6);
    if (most > LONGEST_WAIT) most = LONGEST_WAIT;
    double seconds = (asked > 0 ? asked : 1) + most * (rand() / (RAND_MAX + 1.0));
    fprintf(stderr, "again in %.1f s\n", seconds);
    struct timespec wait = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
    nanosleep(&wait, NULL);
}

int main(int count, char **words) {
    const char *api_key = getenv("IPC_API_KEY"), *roots = getenv("IPC_CA_FILE");
    char key[64], camera[300], proof[300], said[CURL_ERROR_SIZE];
    if (count != 4 || strlen(words[3]) > 256 || (api_key && strlen(api_key) > 256)) {
        fprintf(stderr, "usage: %s URL FRAME.jpg CAMERA\n", words[0]);
        return 2;
    }
    if (!read_frame(words[2])) {
        fprintf(stderr, "%s cannot be read, is empty, or has more than %d bytes\n", words[2], MOST_BYTES);
        return 2;
    }
    if (!make_key(key) || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return 1;
    CURL *curl = curl_easy_init();
    if (!curl) return 1;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: image/jpeg");
    snprintf(camera, sizeof camera, "X-Camera-Id: %s", words[3]);
    headers = curl_slist_append(headers, camera);
    headers = curl_slist_append(headers, key);
    headers = curl_slist_append(headers, "Expect:"); /* without it libcurl waits a second for 100 Continue */
    if (api_key) {
        snprintf(proof, sizeof proof, "x-api-key: %s", api_key);
        headers = curl_slist_append(headers, proof);
    }
    curl_easy_setopt(curl, CURLOPT_URL, words[1]);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, frame);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, length);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L); /* API Gateway ends at 29 */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, said);
    if (roots) curl_easy_setopt(curl, CURLOPT_CAINFO, roots);

    int result = 1;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        long status = 0;
        curl_off_t asked = 0;
        said[0] = '\0';
        CURLcode sent = curl_easy_perform(curl); /* prints the answer, or the error with what to change */
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &asked);
        fprintf(stderr, "\n%s %ld %s\n", sent == CURLE_OK ? "status" : "failed", status, said);
        if (sent == CURLE_OK && status == 200) result = 0;
        if (!result || !is_worth_a_retry(sent, status) || attempt + 1 == ATTEMPTS) break;
        wait_before(attempt, (long)asked);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    free(frame);
    return result;
}
