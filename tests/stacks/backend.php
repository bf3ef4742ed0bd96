<?php
// The router of PHP's own server, in a directory that is its store.  The type
// of an answer is what PHP says by default.
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$records = glob('record-*');
natsort($records);

if (str_starts_with($path, '/api/meetings/room/')) {
	echo json_encode(['id' => 123, 'php' => PHP_VERSION]);
} elseif ($path == '/metadata') {
	echo '[', implode(',', array_map('file_get_contents', $records)), ']';
} elseif (str_starts_with($path, '/files/structured/')) {
	$id = count($records) + 1;
	$file = $_FILES['file'];
	move_uploaded_file($file['tmp_name'], "content-$id");
	$record = json_encode([
		'id' => (string)$id,
		'filename' => $file['name'],
		'path' => $_GET['path'] . $file['name'],
		'mimeType' => $file['type'],
		'size' => (string)$file['size'],
		'uploadedAt' => date(DATE_ATOM),
	], JSON_THROW_ON_ERROR);
	file_put_contents("record-$id", $record);
	http_response_code(201);
	echo $record;
} elseif (preg_match('#^/files/(\d+)/download$#', $path, $found)) {
	readfile("content-$found[1]");
} elseif ($path == '/webhooks/jitsi/recording') {
	echo '{}';
} else {
	http_response_code(404);
	echo "nothing here\n";
}
