/** What `guests/files.c` says of the file tree, line by line. */
export const FILE_FACTS = `note.txt: a note
./note.txt: a note
/in/note.txt: a note
/in/sub/deep.txt: deep
.: . .. note.txt sub
/in/sub: . .. deep.txt
write /in/new: Read-only file system
write /in/note.txt: Read-only file system
append note.txt: Read-only file system
unlink /in/note.txt: Read-only file system
rename /in/note.txt: Read-only file system
write scratch: ok
scratch: here
mkdir /out/a: ok
mkdir /out/a again: File exists
write /out/a/one: ok
write /tmp/two: ok
rename into /out: ok
rmdir /out/a full: Directory not empty
/out/a: . .. one two
symlink: ok
/out/a/soft: 22
link: ok
size 2 links 2
unlink: ok
stat gone: No such file or directory
end 2
pwrite: ok
pread 5
truncate: ok
size 3
escape ..: Capabilities insufficient
escape /etc: No such file or directory
symlink up: ok
read up: Capabilities insufficient
symlink absolute: Capabilities insufficient
rename /out: Invalid argument
rmdir /tmp: Invalid argument
close: Bad file descriptor
`
